//! What is told about the keys of stages and about `--set`.

use crate::config_errors::{Case, QUALITY, stages};
use crate::harness::config_with;

pub fn cases() -> Vec<Case> {
    vec![
        // keys
        Case(
            "unknown key",
            stages("[[stage]]\nuse = \"doc-length\"\nword_min = 3"),
            &[],
            &[
                "error: c.toml:8: stage `doc-length`: unknown field `word_min`, expected one of `chars_min`, `chars_max`, `words_min`, `words_max`",
                "hint: did you mean `words_min`? `probity filters doc-length` lists all",
            ],
        ),
        Case(
            "wrong type of a key",
            stages(&format!("{QUALITY}words_min = \"3\"")),
            &[],
            &[
                "error: c.toml:8: stage `gopher-quality`: `words_min`: invalid type: string \"3\", expected u64",
            ],
        ),
        Case(
            "negative",
            stages(&format!("{QUALITY}words_min = -3")),
            &[],
            &[
                "error: c.toml:8: stage `gopher-quality`: `words_min`: invalid value: integer `-3`, expected u64",
            ],
        ),
        Case(
            "no decimal",
            stages(&format!("{QUALITY}hash_ratio_max = \"high\"")),
            &[],
            &[
                "error: c.toml:8: stage `gopher-quality`: `hash_ratio_max`: invalid value: string \"high\", expected a decimal number such as \"0.85\"",
            ],
        ),
        Case(
            "min above max",
            stages(&format!("{QUALITY}words_min = 9\nwords_max = 8")),
            &[],
            &["error: c.toml:8: stage `gopher-quality`: `words_min` is larger than `words_max`"],
        ),
        Case(
            "chars_min above max",
            stages("[[stage]]\nuse = \"doc-length\"\nchars_min = 9\nchars_max = 8"),
            &[],
            &["error: c.toml:8: stage `doc-length`: `chars_min` is larger than `chars_max`"],
        ),
        Case(
            "no score",
            stages("[[stage]]\nuse = \"score-range\"\nat_most = 1"),
            &[],
            &["error: c.toml:8: stage `score-range`: `score` is missing: the column of an earlier stage"],
        ),
        Case(
            "unknown score",
            stages(
                "[[stage]]\nuse = \"keywords\"\npacks = [\"cbrn\"]\n[[stage]]\nuse = \"score-range\"\nscore = \"hazard\"\nat_most = 1",
            ),
            &[],
            &[
                "error: c.toml:11: stage `score-range`: no earlier stage records `hazard`; recorded so far: keywords/distinct, keywords/score",
            ],
        ),
        Case(
            "no bound",
            stages(
                "[[stage]]\nuse = \"keywords\"\npacks = [\"cbrn\"]\n[[stage]]\nuse = \"score-range\"\nscore = \"keywords/distinct\"",
            ),
            &[],
            &["error: c.toml:11: stage `score-range`: `score` needs `at_least` or `at_most`"],
        ),
        Case(
            "no rate",
            stages("[[stage]]\nuse = \"sample\""),
            &[],
            &[
                "error: c.toml:8: stage `sample`: `rate` is missing: the share of records to keep, from 0 to 1",
            ],
        ),
        Case(
            "rate",
            stages("[[stage]]\nuse = \"sample\"\nrate = 2"),
            &[],
            &["error: c.toml:8: stage `sample`: `rate` is 2, outside 0 to 1"],
        ),
        Case(
            "no list",
            stages("[[stage]]\nuse = \"url-list\""),
            &[],
            &[
                "error: c.toml:8: stage `url-list`: `domains` is missing, and so are `urls`, `hard_words`, `soft_words` and `substrings`: name one list",
            ],
        ),
        Case(
            "absent list",
            stages("[[stage]]\nuse = \"url-list\"\ndomains = \"list.txt\""),
            &[],
            &["error: c.toml:8: stage `url-list`: asset `list.txt`: No such file or directory (os error 2)"],
        ),
        Case(
            "no benchmark",
            stages("[[stage]]\nuse = \"decontamination\""),
            &[],
            &[
                "error: c.toml:8: stage `decontamination`: `benchmarks` is empty, and so is `canaries`: name a file of items",
            ],
        ),
        Case(
            "absent benchmark",
            stages("[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"items.jsonl\"]"),
            &[],
            &[
                "error: c.toml:8: stage `decontamination`: asset `items.jsonl`: No such file or directory (os error 2)",
            ],
        ),
        Case(
            "benchmark in no known format",
            stages("[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"c.toml\"]"),
            &[],
            &[
                "error: c.toml:8: stage `decontamination`: asset `c.toml`: is none of .parquet, .jsonl and .jsonl.zst; other compressed files have to be unpacked",
            ],
        ),
        Case(
            "benchmarks that match nothing",
            stages("[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"evals/*.jsonl\"]"),
            &[],
            &["error: c.toml:8: stage `decontamination`: asset `evals/*.jsonl`: nothing matches"],
        ),
        Case(
            "benchmark without the id that was asked for",
            stages("[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"corpus/*.parquet\"]\nid = \"key\""),
            &[],
            &[
                "error: c.toml:8: stage `decontamination`: asset `corpus/a.parquet`: no column `key`; there are: id, text",
            ],
        ),
        Case(
            "benchmark without its column",
            stages(
                "[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"corpus/a.parquet\"]\ntext = \"question\"",
            ),
            &[],
            &[
                "error: c.toml:8: stage `decontamination`: asset `corpus/a.parquet`: no column `question`; there are: id, text",
            ],
        ),
        Case(
            "benchmark of short items",
            stages("[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"corpus/a.parquet\"]"),
            &[],
            &[
                "error: c.toml:8: stage `decontamination`: `benchmarks` hold nothing to look for: 1 of fewer than 8 words, 0 of one word again and again",
                "not looked for: 1 of `a`: r0",
            ],
        ),
        Case(
            "longest run",
            stages("[[stage]]\nuse = \"decontamination\"\nbenchmarks = [\"corpus/a.parquet\"]\nngram = 65"),
            &[],
            &["error: c.toml:8: stage `decontamination`: `ngram` is 65, expected 1 to 64"],
        ),
        Case(
            "no packs",
            stages("[[stage]]\nuse = \"keywords\""),
            &[],
            &[
                "error: c.toml:8: stage `keywords`: `packs` is empty; shipped packs: adult, cbrn, critical-infrastructure, democratic-processes, discrimination, extremism, identity, illicit-trade, pii-context, prompt-injection, self-harm",
            ],
        ),
        Case(
            "unknown pack",
            stages("[[stage]]\nuse = \"keywords\"\npacks = [\"cbrm\"]"),
            &[],
            &[
                "error: c.toml:8: stage `keywords`: `packs` names `cbrm`, which is neither shipped (adult, cbrn, critical-infrastructure, democratic-processes, discrimination, extremism, identity, illicit-trade, pii-context, prompt-injection, self-harm) nor the path of a .toml file",
            ],
        ),
        Case(
            "pack twice",
            stages("[[stage]]\nuse = \"keywords\"\npacks = [\"cbrn\", \"cbrn\"]"),
            &[],
            &["error: c.toml:8: stage `keywords`: `packs` names the pack `cbrn` twice"],
        ),
        Case(
            "pack that may not remove",
            stages("[[stage]]\nuse = \"keywords\"\npacks = [\"cbrn\"]\naction = \"remove\""),
            &[],
            &[
                "error: c.toml:8: stage `keywords`: `action` is `remove`, but the pack `cbrn` may not remove: use `quarantine` or `tag`, or measure the pack",
            ],
        ),
        Case(
            "no model",
            stages("[[stage]]\nuse = \"language\""),
            &[],
            &[
                "error: c.toml:8: stage `language`: `model` is missing: the path of a fastText .bin or .ftz file",
            ],
        ),
        Case(
            "absent model",
            stages("[[stage]]\nuse = \"language\"\nmodel = \"lid.ftz\""),
            &[],
            &["error: c.toml:8: stage `language`: asset `lid.ftz`: No such file or directory (os error 2)"],
        ),
        Case(
            "no model at all",
            stages("[[stage]]\nuse = \"language\"\nmodel = \"c.toml\""),
            &[],
            &[
                "error: c.toml:8: stage `language`: asset `c.toml`: not a fastText model: magic number 1701340019",
            ],
        ),
        Case(
            "key of a barrier",
            stages("[[stage]]\nuse = \"exact-duplicates\"\nkep = \"longest\""),
            &[],
            &[
                "error: c.toml:8: stage `exact-duplicates`: unknown field `kep`, expected one of `by`, `keep`, `score`, `sources`",
                "hint: did you mean `keep`? `probity filters exact-duplicates` lists all",
            ],
        ),
        Case(
            "barrier that tags",
            stages("[[stage]]\nuse = \"exact-duplicates\"\naction = \"tag\""),
            &[],
            &[
                "error: c.toml:8: stage `exact-duplicates`: a barrier takes no `when` or `on_error` and cannot `tag`",
            ],
        ),
        Case(
            "bands",
            stages("[[stage]]\nuse = \"near-duplicates\"\nbands = 0"),
            &[],
            &["error: c.toml:8: stage `near-duplicates`: `bands` is 0, expected 1 to 1024"],
        ),
        Case(
            "similarity",
            stages("[[stage]]\nuse = \"near-duplicates\"\nverify_jaccard_min = \"1.5\""),
            &[],
            &["error: c.toml:8: stage `near-duplicates`: `verify_jaccard_min` is 1.5, expected 0 to 1"],
        ),
        Case(
            "keep",
            stages("[[stage]]\nuse = \"near-duplicates\"\nkeep = \"best\""),
            &[],
            &[
                "error: c.toml:8: stage `near-duplicates`: unknown variant `best`, expected one of `earliest`, `longest`, `highest-score`, `source-priority`",
            ],
        ),
        Case(
            "passages of chat records",
            config_with("messages = \"text\"", "[[stage]]\nuse = \"repeated-passages\""),
            &[],
            &["error: c.toml:7: stage `repeated-passages` cuts passages and cannot run on `messages`"],
        ),
        // overrides
        Case(
            "set an unknown stage",
            stages(QUALITY),
            &["--set", "gopher.words_min=3"],
            &["error: c.toml: `--set` names the stage `gopher`; there are `gopher-quality`"],
        ),
        Case(
            "set a common key",
            stages(QUALITY),
            &["--set", "gopher-quality.use=sample"],
            &["error: c.toml: `--set` cannot change `use` of a stage"],
        ),
        Case(
            "set an unknown key at the top",
            stages(""),
            &["--set", "meassure=all"],
            &[
                "error: c.toml: unknown field `meassure`, expected one of `schema`, `measure`, `words`, `dataset`, `producer`, `input`, `output`, `source`, `gate`, `stage`",
            ],
        ),
        Case(
            "set a wrong value at the top",
            stages(""),
            &["--set", "measure=most"],
            &["error: c.toml: unknown variant `most`, expected `first` or `all`"],
        ),
        Case(
            "set a wrong type",
            stages(QUALITY),
            &["--set", "gopher-quality.words_min=many"],
            &[
                "error: c.toml:8: stage `gopher-quality`: `words_min`: invalid type: string \"many\", expected u64",
            ],
        ),
        Case(
            "set is no assignment",
            stages(QUALITY),
            &["--set", "gopher-quality.words_min"],
            &[
                "error: invalid value 'gopher-quality.words_min' for '--set <STAGE.KEY=VALUE>': expected `stage.key=value`",
                "",
                "For more information, try '--help'.",
            ],
        ),
        // the output is checked before anything is read
        Case(
            "compression",
            stages("[output]\ncompression = \"zip\""),
            &[],
            &[
                "error: `output.compression`: limit uncompressed, snappy, gzip(0) to gzip(9), brotli(0) to brotli(11), lz4_raw or zstd(1) to zstd(22), got `zip`",
            ],
        ),
    ]
}
