use super::*;

fn name(text: &str) -> RelPath {
    text.parse().unwrap()
}

#[test]
fn written_list_is_sorted_and_read_back() {
    let sums = [
        (name("data/part-00001.parquet"), Sha256::of(b"1")),
        (name("README.md"), Sha256::of(b"2")),
        (name("data/part-00000.parquet"), Sha256::of(b"3")),
        (name("two  spaces"), Sha256::of(b"4")),
    ];
    let text = format_sums(&sums);
    let read = parse_sums(&text).unwrap();
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["README.md", "data/part-00000.parquet", "data/part-00001.parquet", "two  spaces"]);
    assert_eq!(format_sums(&read), text);
    assert_eq!(text.lines().next(), Some(format!("{}  README.md", Sha256::of(b"2")).as_str()));
    assert_eq!(parse_sums("").unwrap(), []);
    assert_eq!(format_sums(&[]), "");
}

#[test]
fn other_spellings_are_refused() {
    let hex = Sha256::of(b"x").to_string();
    let at = |line| Err(SumsError::Line { line });
    let named = |line, source| Err(SumsError::Name { line, source });
    let cases = [
        (format!("{hex}  a"), Err(SumsError::Unterminated)),
        (format!("{hex} a\n"), at(1)),
        (format!("{hex} *a\n"), at(1)),
        (format!("{hex}\ta\n"), at(1)),
        (format!("{}  a\n", hex.to_uppercase()), at(1)),
        (format!("{}  a\n", &hex[1..]), at(1)),
        (format!("\\{hex}  a\\nb\n"), at(1)),
        (format!(" {hex}  a\n"), at(1)),
        (format!("\u{feff}{hex}  a\n"), at(1)),
        (format!("SHA256 (a) = {hex}\n"), at(1)),
        (format!("# comment\n{hex}  a\n"), at(1)),
        (format!("{hex}  a\n\n"), at(2)),
        ("\n".to_owned(), at(1)),
        (format!("{hex}  a\r\n"), named(1, PathError::Control)),
        (format!("{hex}  \n"), named(1, PathError::Empty)),
        (format!("{hex}  a\n{hex}  ../b\n"), named(2, PathError::DotSegment)),
        (format!("{hex}  a\\nb\n"), named(1, PathError::Backslash)),
        (format!("{hex}  /a\n"), named(1, PathError::Absolute)),
        (format!("{hex}  ./a\n"), named(1, PathError::DotSegment)),
        (format!("{hex}  b\n{hex}  a\n"), Err(SumsError::Order { line: 2 })),
        (format!("{hex}  a\n{hex}  a\n"), Err(SumsError::Order { line: 2 })),
        (format!("{hex}  A\n{hex}  B\n{hex}  a\n"), Err(SumsError::Case { line: 3 })),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_sums(&text), expected, "{text:?}");
    }
}

#[test]
fn coreutils_agrees() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let mut sums = Vec::new();
    for file in ["data/b", "data/with space", "é"] {
        std::fs::write(folder.path().join(file), file).unwrap();
        sums.push((name(file), Sha256::of(file.as_bytes())));
    }
    std::fs::write(folder.path().join("SHA256SUMS"), format_sums(&sums)).unwrap();
    let check = std::process::Command::new("sha256sum")
        .args(["--strict", "--check", "SHA256SUMS"])
        .current_dir(folder.path())
        .output();
    match check {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(error) => eprintln!("skipped, no sha256sum: {error}"),
    }
}
