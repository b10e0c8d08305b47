use super::*;
use crate::pack::matcher::words;

pub(super) fn pack(case: &str, terms: &str) -> Pack {
    let text = format!(
        "schema = 1\nid = \"p\"\nversion = \"1\"\nowner = \"o\"\nsummary = \"s\"\n\
         [[source]]\nid = \"x\"\ntitle = \"t\"\nedition = \"e\"\n\
         [[group]]\ncategory = \"c\"\nsource = \"x\"\nlang = \"en\"\ncase = \"{case}\"\nterms = {terms}\n\
         must_hit = [\"h\"]\nmust_miss = [\"m\"]\n"
    );
    Pack::parse("p.toml", text.as_bytes()).unwrap()
}

fn found(pack: &Pack, text: &str) -> Vec<String> {
    let verdict = Rulebook::new([pack]).unwrap().judge(text, Origin::default(), &[Sight::Raw]);
    verdict.hits.iter().map(|hit| text[hit.start..hit.end].to_string()).collect()
}

/// What is found either way, with the sight where it is in disguise.
fn seen(pack: &Pack, text: &str) -> Vec<String> {
    let verdict = Rulebook::new([pack]).unwrap().judge(text, Origin::default(), Sight::BOTH);
    let shown = |hit: &Hit| match hit.sight {
        Sight::Raw => text[hit.start..hit.end].to_string(),
        Sight::Normalised => format!("~{}", &text[hit.start..hit.end]),
    };
    verdict.hits.iter().map(shown).collect()
}

#[test]
fn words_are_runs_of_letters_digits_and_marks() {
    let of = |text: &'static str| words(text).map(|(start, end)| &text[start..end]).collect::<Vec<_>>();
    assert_eq!(
        of("foot-and-mouth's 2nd e\u{301}t\u{e9} \u{3b1}-\u{5b57}_x"),
        ["foot", "and", "mouth", "s", "2nd", "e\u{301}t\u{e9}", "\u{3b1}", "\u{5b57}", "x"]
    );
    assert!(of(" \u{2028}..").is_empty());
}

proptest::proptest! {
    #[test]
    fn words_are_the_runs_of_the_definition(text in "([a-zA-Z0-9 @`{/:\\[\u{7f}\u{80}é字\u{301}😀-]|\\PC){0,40}") {
        use unicode_normalization::char::is_combining_mark;
        let is_word = |c: char| c.is_alphanumeric() || is_combining_mark(c);
        let found: Vec<&str> = words(&text).map(|(start, end)| &text[start..end]).collect();
        let runs: Vec<&str> = text.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
        proptest::prop_assert_eq!(found.concat(), runs.concat());
        // a run is parted only where scripts with and without spaces meet
        for run in &runs {
            let letters: Vec<bool> =
                run.chars().filter(|c| !is_combining_mark(*c)).map(matcher::is_unspaced).collect();
            let parts = 1 + letters.windows(2).filter(|pair| pair[0] != pair[1]).count();
            proptest::prop_assert_eq!(words(run).count(), parts, "{}", run);
        }
    }
}

#[test]
fn terms_match_whole_words_in_any_case() {
    let pack = pack("fold", "[\"apple tart\", \"pear\", \"stra\u{df}e\"]");
    for (text, expected) in [
        ("an Apple\n  tart and a PEAR.", vec!["Apple\n  tart", "PEAR"]),
        (
            "apple-tart apple (tart) apple \u{2014} tart",
            vec!["apple-tart", "apple (tart", "apple \u{2014} tart"],
        ),
        ("apple .... tart, apples tart, appletart, pears, pear\u{301}", vec![]),
        ("apple", vec![]),
        ("apple apple tart", vec!["apple tart"]),
        ("die STRA\u{1e9e}E", vec!["STRA\u{1e9e}E"]),
        ("", vec![]),
    ] {
        assert_eq!(found(&pack, text), expected, "{text}");
    }
}

#[test]
fn the_longest_term_takes_its_words() {
    let pack = pack("fold", "[\"red\", \"red apple\", \"red apple tart\", \"apple tart\", \"tart\"]");
    assert_eq!(
        found(&pack, "a red apple tart, a red apple pie, red wine"),
        ["red apple tart", "red apple", "red"]
    );
}

#[test]
fn exact_terms_keep_their_case() {
    let pack = pack("exact", "[\"BZ\", \"McPie recipe\"]");
    assert_eq!(found(&pack, "BZ bz Bz; McPie recipe, McPie Recipe"), ["BZ", "McPie recipe"]);
}

#[test]
fn shipped_packs_are_fit_to_ship() {
    let hazards: Vec<&str> =
        SHIPPED.iter().map(|(name, _)| *name).filter(|name| *name != "identity").collect();
    assert_eq!(HAZARDS, hazards);
    for (name, content) in SHIPPED {
        let pack = Pack::parse(name, content.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(pack.id, *name);
        assert_eq!(pack.lint(None), Vec::<String>::new(), "{name}");
        assert!(pack.action_cap < ActionCap::Remove, "{name}: nothing was measured");
    }
}

#[test]
fn disguised_terms_are_found_where_they_stand() {
    let pack = pack("fold", "[\"apple tart\", \"pear\", \"quince\", \"book\"]");
    for (text, expected) in [
        ("an \u{430}pple t\u{e1}rt and a p\u{ad}ear.", vec!["~\u{430}pple t\u{e1}rt", "~p\u{ad}ear"]),
        ("an apple t4rt, a pe@r!", vec!["~apple t4rt", "~pe@r"]),
        ("4pple tart", vec!["~4pple tart"]),
        ("a p3ar and a pear", vec!["~p3ar", "pear"]),
        (
            "qu\u{200b}in\u{200d}ce \u{ff51}\u{ff55}\u{ff49}\u{ff4e}\u{ff43}\u{ff45}",
            vec!["~qu\u{200b}in\u{200d}ce", "~\u{ff51}\u{ff55}\u{ff49}\u{ff4e}\u{ff43}\u{ff45}"],
        ),
        ("&#112;ear p&#x65;ar %70ear", vec!["~&#112;ear", "~p&#x65;ar", "~%70ear"]),
        ("a q u i n c e, q.u.i.n.c.e", vec!["~q u i n c e", "~q.u.i.n.c.e"]),
        ("a-p-p-l-e t-a-r-t", vec!["~a-p-p-l-e t-a-r-t"]),
        ("quiiiince and boooook, peeear", vec!["~quiiiince", "~boooook", "~peeear"]),
        ("qu1nce qu!nce qu|nce", vec!["~qu1nce", "~qu!nce", "~qu|nce"]),
        ("https://x.org/p3ar me@pear.org @p3ar", vec!["pear"]),
        ("apple. t\u{e1}rt", vec![]),
        ("appletart, spear, pear5 and 5 pears", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(seen(&pack, text), expected, "{text}");
    }
}

#[test]
fn scripts_without_spaces_need_no_boundaries() {
    let pack =
        pack("fold", "[\"\u{679c}\u{7269}\", \"\u{679c}\u{7269}\u{5e97}\", \"\u{30ea}\u{30f3}\u{30b4}\"]");
    assert_eq!(
        seen(
            &pack,
            "\u{6211}\u{53bb}\u{679c}\u{7269}\u{5e97}\u{4e70}\u{679c}\u{7269}\u{3002}\u{ff98}\u{ff9d}\u{ff7a}\u{ff9e}"
        ),
        ["\u{679c}\u{7269}\u{5e97}", "\u{679c}\u{7269}", "~\u{ff98}\u{ff9d}\u{ff7a}\u{ff9e}"]
    );
}

#[test]
fn a_script_without_spaces_bounds_terms_of_other_scripts() {
    let pack = pack("fold", "[\"sarin\", \"mustard gas\", \"\u{437}\u{430}\u{440}\u{438}\u{43d}\"]");
    for (text, expected) in [
        ("使用了sarin和VX", vec!["sarin"]),
        ("ผลิตsarinที่นี่ sarin", vec!["sarin", "sarin"]),
        ("ที่sarin", vec!["sarin"]),
        ("サリンsarinとmustard gasを", vec!["sarin", "mustard gas"]),
        ("使用了з\u{430}рин和", vec!["з\u{430}рин"]),
        ("使用了s\u{430}rin和ｓａｒｉｎ。", vec!["~s\u{430}rin", "~ｓａｒｉｎ"]),
        ("sarin2和2sarin, sarins", vec![]),
        ("사린sarin", vec![]),
    ] {
        assert_eq!(seen(&pack, text), expected, "{text}");
    }
}

#[test]
fn markup_and_white_space_between_words_part_them() {
    let pack = pack("fold", "[\"apple tart\", \"pear\"]");
    for (text, expected) in [
        ("apple     tart apple \n\t\r\n tart", vec!["apple     tart", "apple \n\t\r\n tart"]),
        ("an apple&nbsp;tart", vec!["~apple&nbsp;tart"]),
        ("apple &nbsp; tart", vec!["~apple &nbsp; tart"]),
        ("apple&#160;&#x20;tart", vec!["~apple&#160;&#x20;tart"]),
        ("apple&amp;nbsp;tart%20apple%20tart", vec!["~apple&amp;nbsp;tart", "~apple%20tart"]),
        ("apple<br/>tart, apple<br />tart", vec!["~apple<br/>tart", "~apple<br />tart"]),
        ("<b>apple</b> <i class=\"a b\">tart</i>", vec!["~apple</b> <i class=\"a b\">tart"]),
        ("<b>pear</b>", vec!["pear"]),
        ("&amp;#112;ear p\u{8}ear", vec!["~&amp;#112;ear", "~p\u{8}ear"]),
        ("apple.<br/>tart, apple!&nbsp;tart", vec![]),
        ("apple <3 <3 <3 tart, apple &lt;&gt;&lt; tart", vec![]),
    ] {
        assert_eq!(seen(&pack, text), expected, "{text}");
    }
}

/// A pack of two categories and what else it may have.
pub(super) fn rules(pack: &str, group: &str, other: &str) -> Pack {
    let text = format!(
        "schema = 1\nid = \"p\"\nversion = \"1\"\nowner = \"o\"\nsummary = \"s\"\n{pack}\n\
         [[source]]\nid = \"x\"\ntitle = \"t\"\nedition = \"e\"\n\
         [[group]]\ncategory = \"fruit\"\nsource = \"x\"\nlang = \"en\"\n{group}\n\
         [[group]]\ncategory = \"dish\"\nsource = \"x\"\nlang = \"mul\"\n{other}\n"
    );
    Pack::parse("p.toml", text.as_bytes()).unwrap()
}

#[test]
fn what_a_pack_asks_for_decides_what_it_says() {
    let fruit = "terms = [\"apple | apples\", \"pear\", \"plum\"]";
    let dish = "terms = [\"tart\"]\nweight = 0.5";
    let say = |pack: &Pack, text: &str, origin: Origin<'_>| {
        let verdict = Rulebook::new([pack]).unwrap().judge(text, origin, Sight::BOTH);
        (verdict.hits.len(), verdict.packs[0].distinct, verdict.packs[0].score)
    };
    let plain = Origin::default();
    let german = Origin { language: Some("de"), ..plain };
    let menu = Origin { source: "menu-2", ..plain };
    let text = "An apple, two apples, a pear and a tart.";
    let near = |words: u64, key: &str| format!("{fruit}\nwindow = {{ words = {words}, {key} = \"dish\" }}");
    for (pack, fruit, dish, origin, expected) in [
        // spellings of one term are one; the second different term of a category counts half
        ("", fruit, dish, plain, (4, 2, 2.0)),
        ("distinct_min = 2\ndensity_min = 444", fruit, dish, plain, (4, 2, 2.0)),
        ("distinct_min = 3", fruit, dish, plain, (4, 0, 0.0)),
        ("density_min = 445", fruit, dish, plain, (4, 0, 0.0)),
        ("allow = [\"pear and\"]", fruit, dish, plain, (3, 1, 1.5)),
        ("", fruit, dish, german, (1, 0, 0.5)),
        ("", &format!("{fruit}\nonly_in = [\"menu*\"]"), dish, plain, (1, 0, 0.5)),
        ("", &format!("{fruit}\nonly_in = [\"menu*\"]"), dish, menu, (4, 2, 2.0)),
        ("", &format!("{fruit}\nnot_in = [\"menu*\"]"), dish, menu, (1, 0, 0.5)),
        ("", &near(2, "requires"), dish, plain, (2, 1, 1.5)),
        ("", &near(2, "forbids"), dish, plain, (3, 1, 1.5)),
        ("", fruit, "terms = [\"tart\"]\nweight = 0", plain, (3, 2, 1.5)),
    ] {
        assert_eq!(say(&rules(pack, fruit, dish), text, origin), expected, "{pack} {fruit} {dish}");
    }
}

#[test]
fn a_pack_only_escalates_in_the_sources_it_names() {
    let measured =
        "action_cap = \"remove\"\nmeasured = { false_positive_rate = 0, records = 400, sample = \"s\" }";
    let fruit = "terms = [\"apple\", \"pear\"]";
    let pack = rules(&format!("{measured}\nescalate_only_in = [\"menu*\"]"), fruit, "terms = [\"tart\"]");
    let book = Rulebook::new([&pack]).unwrap();
    for (source, text, expected) in [
        ("letters", "An apple and a pear.", Outcome::Block),
        ("menu-2", "An apple and a pear.", Outcome::Escalate),
        ("menu-2", "A plum.", Outcome::Pass),
    ] {
        let verdict = book.judge(text, Origin { source, language: None }, Sight::BOTH);
        assert_eq!(book.outcome(&verdict, Thresholds::default()), expected, "{source}: {text}");
    }
}

#[test]
fn hashed_terms_are_found_without_being_written() {
    let list = hash_list("salt", ["Apple tart", "p\u{e9}ar", "", "# fig", "pear"]).unwrap();
    assert_eq!((list.terms.len(), list.tags.len(), list.words_max), (2, 2, 2));
    let quoted = |hex: &[String]| hex.iter().map(|hex| format!("\"{hex}\"")).collect::<Vec<_>>().join(", ");
    let hashed = format!(
        "hashed = {{ salt = \"salt\", words_max = 2, tags = [{}], terms = [{}] }}",
        quoted(&list.tags),
        quoted(&list.terms)
    );
    let pack = rules("", &hashed, "terms = [\"dish\"]");
    assert_eq!(
        seen(&pack, "An APPLE\ntart, a p\u{435}ar, an apple pie, a pears and a pear"),
        ["APPLE\ntart", "~p\u{435}ar", "pear"]
    );
    assert_eq!(hash_list("salt", ["pear", "a b c d e f g"]).unwrap_err(), "line 2: 7 words, more than 6");
    assert_ne!(hash_term("salt", "pear"), hash_term("pepper", "pear"));
    let wrong = toml::to_string(&pack).unwrap().replace(&list.terms[0], "0123");
    let message = Pack::parse("p.toml", wrong.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("`0123` is not a hash of 32 hexadecimal digits"), "{message}");
}

#[test]
fn the_digest_is_of_the_rules_and_not_of_the_file() {
    let one = rules("distinct_min = 2", "terms = [\"pear\"]", "terms = [\"tart\"]");
    let spaced =
        rules("# a comment\ndistinct_min = 2", "terms = [ \"pear\", ]", "terms = [\"tart\"]\nweight = \"1\"");
    assert_eq!(one.canonical(), spaced.canonical());
    assert!(
        one.canonical()
            .starts_with("{\"action_cap\":\"quarantine\",\"distinct_min\":2,\"group\":[{\"case\":")
    );
    for other in [
        rules("distinct_min = 3", "terms = [\"pear\"]", "terms = [\"tart\"]"),
        rules("distinct_min = 2", "terms = [\"pears\"]", "terms = [\"tart\"]"),
        rules("distinct_min = 2", "terms = [\"pear\"]", "terms = [\"tart\"]\nweight = 0.9"),
    ] {
        assert_ne!(one.digest(), other.digest());
    }
}

proptest::proptest! {
    #[test]
    fn hits_stand_in_the_text_and_chunking_does_not_matter(
        pieces in proptest::collection::vec("apple|t\u{e1}rt|p3ar|b o o k|qu&#105;nce|[ \n.@$!|+&%;#-]|\\PC", 0..30),
    ) {
        let pack = pack("fold", "[\"apple tart\", \"pear\", \"quince\", \"book\", \"\u{679c}\u{7269}\"]");
        let book = Rulebook::new([&pack]).unwrap();
        let text = pieces.concat();
        let verdict = book.judge(&text, Origin::default(), Sight::BOTH);
        for hit in &verdict.hits {
            proptest::prop_assert!(text.get(hit.start..hit.end).is_some_and(|part| !part.is_empty()));
        }
        proptest::prop_assert!(verdict.hits.windows(2).all(|pair| pair[0].end <= pair[1].start));
        // the end of a paragraph ends every term and every disguise, so the halves find what the whole does
        let far = " and so on it goes. ".repeat(8);
        let shifted = format!("{text}{far}{text}");
        let twice = book.judge(&shifted, Origin::default(), Sight::BOTH);
        proptest::prop_assert_eq!(twice.hits.len(), verdict.hits.len() * 2, "{}", text);
        // nothing found as written is lost by looking for disguises too
        let raw = book.judge(&text, Origin::default(), &[Sight::Raw]);
        for hit in &raw.hits {
            proptest::prop_assert!(verdict.hits.iter().any(|both| both.start < hit.end && hit.start < both.end));
        }
    }

    #[test]
    fn no_boundary_of_uax_29_lies_within_a_word(text in "([a-zA-Z0-9 '._:-]|e\u{301}|[\u{e9}\u{430}\u{5d0}\u{905}]){0,40}") {
        use unicode_segmentation::UnicodeSegmentation;
        let boundaries: Vec<usize> = text.split_word_bound_indices().map(|(at, _)| at).collect();
        for (start, end) in words(&text) {
            proptest::prop_assert!(!boundaries.iter().any(|at| (start + 1..end).contains(at)), "{:?}", &text[start..end]);
        }
    }
}
