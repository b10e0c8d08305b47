//! What a shard's name says about its format.

use manifests::ledger::SHARD_EXTENSIONS;
use std::path::Path;

/// How records are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    /// One JSON object a line.
    Lines(Packing),
}

/// How the bytes of lines are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// No lines, but records that are turned into some.
    Warc,
    WarcGzip,
}

impl Format {
    /// The format that a name ends in, if it ends in one.
    pub(crate) fn named(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let extension = SHARD_EXTENSIONS.into_iter().find(|extension| name.ends_with(extension))?;
        Some(match extension {
            ".parquet" => Self::Parquet,
            ".warc" | ".warc.wet" => Self::Lines(Packing::Warc),
            ".warc.gz" | ".warc.wet.gz" => Self::Lines(Packing::WarcGzip),
            _ if extension.ends_with(".gz") => Self::Lines(Packing::Gzip),
            _ if extension.ends_with(".zst") => Self::Lines(Packing::Zstd),
            _ => Self::Lines(Packing::Plain),
        })
    }

    /// The format of a file that was asked for: under any other name Parquet, whose footer tells whether it is.
    pub(crate) fn of(path: &Path) -> Self {
        Self::named(path).unwrap_or(Self::Parquet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_tells_the_format() {
        let cases = [
            ("a.parquet", Some(Format::Parquet)),
            ("a.jsonl", Some(Format::Lines(Packing::Plain))),
            ("a.b.ndjson", Some(Format::Lines(Packing::Plain))),
            ("a.json.gz", Some(Format::Lines(Packing::Gzip))),
            ("a.jsonl.gz", Some(Format::Lines(Packing::Gzip))),
            ("a.ndjson.zst", Some(Format::Lines(Packing::Zstd))),
            ("a.warc.gz", Some(Format::Lines(Packing::WarcGzip))),
            ("a.warc.wet.gz", Some(Format::Lines(Packing::WarcGzip))),
            ("a.warc.wet", Some(Format::Lines(Packing::Warc))),
            ("a.json", None),
            ("a.txt.zst", None),
            ("jsonl", None),
        ];
        for (name, format) in cases {
            assert_eq!(Format::named(Path::new(name)), format, "{name}");
        }
        assert_eq!(Format::of(Path::new("a.data")), Format::Parquet);
    }
}
