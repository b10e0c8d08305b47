#![cfg_attr(feature = "libfuzzer", no_main)]

#[path = "../entries.rs"]
mod entries;
#[path = "../target.rs"]
mod target;

target::target!(entries::text);
