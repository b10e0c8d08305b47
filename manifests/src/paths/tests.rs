use super::*;
use std::fs;

#[test]
fn safe_names_are_taken_as_they_are() {
    for text in
        ["a", "data/part-00000.parquet", "with space", "é/日本", "...", "a..b", ".hidden", "12:30/ab:c", "~"]
    {
        let path: RelPath = text.parse().unwrap();
        assert_eq!(path.as_str(), text);
        assert_eq!(path.under(Path::new("root")), Path::new("root").join(text));
        assert_eq!(serde_json::to_string(&path).unwrap(), serde_json::to_string(text).unwrap());
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let long = "a/".repeat(3000) + "a";
    let cases = [
        ("", PathError::Empty),
        ("/", PathError::Absolute),
        ("/etc/passwd", PathError::Absolute),
        ("//server/share", PathError::Absolute),
        ("..", PathError::DotSegment),
        (".", PathError::DotSegment),
        ("../a", PathError::DotSegment),
        ("a/../b", PathError::DotSegment),
        ("a/./b", PathError::DotSegment),
        ("a/..", PathError::DotSegment),
        ("a//b", PathError::EmptySegment),
        ("a/", PathError::EmptySegment),
        ("C:", PathError::Drive),
        ("c:/windows", PathError::Drive),
        ("a/c:b", PathError::Drive),
        ("a\\b", PathError::Backslash),
        ("..\\a", PathError::Backslash),
        ("\\\\server", PathError::Backslash),
        ("a\0b", PathError::Control),
        ("a\nb", PathError::Control),
        ("a\rb", PathError::Control),
        ("a\u{1b}[31m", PathError::Control),
        ("a\u{7f}", PathError::Control),
        ("a\u{85}b", PathError::Control),
        ("a\u{2028}b", PathError::Control),
        (&long, PathError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<RelPath>(), Err(error), "{text:?}");
        let json = serde_json::to_string(text).unwrap();
        assert!(serde_json::from_str::<RelPath>(&json).is_err(), "{text:?}");
    }
}

#[test]
fn listing_is_sorted_by_whole_path() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b/c", "b-a", "a/z", "a/b/c"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::create_dir(folder.path().join("empty")).unwrap();
    let listing = list_files(folder.path()).unwrap();
    let names: Vec<&str> = listing.files.iter().map(RelPath::as_str).collect();
    assert_eq!(names, ["a/b/c", "a/z", "b-a", "b/c"]);
    assert_eq!(listing.odd, []);
    assert!(list_files(&folder.path().join("absent")).is_err());
}

#[cfg(unix)]
#[test]
fn links_and_strange_names_are_odd() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("real")).unwrap();
    fs::write(root.join("real/file"), "x").unwrap();
    symlink("real/file", root.join("link")).unwrap();
    symlink("real", root.join("linked-folder")).unwrap();
    symlink("..", root.join("real/up")).unwrap();
    fs::write(root.join("line\nbreak"), "").unwrap();
    fs::create_dir(root.join("bad\\folder")).unwrap();
    fs::write(root.join("bad\\folder/file"), "").unwrap();
    fs::write(root.join(OsStr::from_bytes(b"\xff")), "").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();

    let listing = list_files(root).unwrap();
    assert_eq!(listing.files, ["real/file".parse().unwrap()]);
    let odd: Vec<(&str, &str)> = listing.odd.iter().map(|(name, why)| (name.as_str(), *why)).collect();
    let expected = [
        ("bad\\folder", "unsafe name"),
        ("line\nbreak", "unsafe name"),
        ("link", "symbolic link"),
        ("linked-folder", "symbolic link"),
        ("real/up", "symbolic link"),
        ("socket", "not a regular file"),
        ("\u{fffd}", "name is not UTF-8"),
    ];
    assert_eq!(odd, expected);

    assert!(open_regular(root, &"real/file".parse().unwrap()).is_ok());
    for refused in ["link", "linked-folder/file", "real", "socket", "absent"] {
        assert!(open_regular(root, &refused.parse().unwrap()).is_err(), "{refused}");
    }
}
