//! Letters that look like a letter of ASCII.
//!
//! Made from the confusables of UTS #39 for Unicode 18.0 (the table of the crate unicode-security 0.1.3): every letter
//! of the Basic Multilingual Plane whose prototype is one ASCII letter, that compatibility decomposition does not
//! already turn into one, and that belongs to no script written with other letter shapes throughout (Arabic, Hebrew,
//! Indic, Ethiopic, Canadian and East Asian scripts are left out: there a likeness is chance). Prototypes are folded;
//! what UTS #39 draws as `l` only because capital `I` looks like it is `i` here. Added by hand: small capitals, letters
//! with a stroke, and Cyrillic and Greek letters whose capital looks like one of ASCII.

/// The ASCII letter, and the letters that look like it. A capital is left out where its small letter is listed for the
/// same ASCII letter.
pub(super) const CONFUSABLES: &[(char, &str)] = &[
    ('a', "ɑαаᎪᴀꓮꭤ"),
    ('b', "ƀƄʙΒьвᏏᏴⲂꓐꕗꞴ"),
    ('c', "ϲсᲃᴄⲥꓚꮯ"),
    ('d', "ðđԁᎠᏧᴅꓒꓓ"),
    ('e', "ɛΕеєҽᎬᴇꓰꗋꬲ"),
    ('f', "ƒʄϜքẝꓝꜰꞙꬵ"),
    ('g', "ƍɡɢԌցᏀᏳᶃꓖ"),
    ('h', "ħʜΗнһհႹᎻᏂⲎꓧ"),
    ('i', "ıɩɪιіӀւⲓꙇꭵ"),
    ('j', "ȷɉϳјյᎫᴊꓙꞲ"),
    ('k', "κкᏦᛕᴋⲔꓗ"),
    ('l', "łǀʟӏᏞᛁᛐⳐꓡꓲꕯꞁꟾ"),
    ('m', "ΜϺмᎷᛖᴍⲘꓟ"),
    ('n', "ɴΝηոռⲚꓠ"),
    ('o', "øοσϭоօࡀჿᩅᲂᴏᴑⲟꓳꬽﾷ"),
    ('p', "þƿρϱϸрᏢᴘⲣⳏꓑ"),
    ('q', "ԛգզ"),
    ('r', "ɌʀгᎡᏒᴦⲅꓣꭇꭈꮁ"),
    ('s', "ƽѕՏႽჽᏕꓢꕶꜱꮪ"),
    ('t', "ŧτтᎢᴛⲦꓔꔋ"),
    ('u', "ʋμυսᴜꓴꞟꭎꭒ"),
    ('v', "νѵᴠꓦꛟꮩ"),
    ('w', "ɯωшѡԝաᴡⲽꓪꟺꮃꮤ"),
    ('x', "χхᚷᝣᳵⲬꓫꞳ"),
    ('y', "ɣʏΥγϒуүყᎩᎽᶌỿℽⲩꓬꭚ"),
    ('z', "ƶΖᴢⱬⲍⴭꓜꛉꮓ"),
];
