//! Words of English that stand in every prose, whatever it is about.

/// Articles, pronouns, prepositions, conjunctions, auxiliaries and a few adverbs, in lower case. Contractions are not
/// among them: tokens split those.
pub(super) const FUNCTION_WORDS: &str = "
    a about above after again against all also although am among an and another any are as at be because been before
    being below between both but by can cannot could did do does doing down during each either else even ever every few
    for from further had has have having he her here hers herself him himself his how however i if in into is it its
    itself just least less many may me might mine more most much must my myself neither no nor not now of off often on
    once one only or other others our ours ourselves out over own perhaps quite rather same several shall she should
    since so some such than that the their theirs them themselves then there these they this those though through thus
    to too toward under until up upon us very was we were what when where whether which while who whom whose why will
    with within without would yet you your yours yourself yourselves";
