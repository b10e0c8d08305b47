//! An entry as a libFuzzer target, or, without the feature `libfuzzer`, as a program that runs it over files.

#[cfg(feature = "libfuzzer")]
macro_rules! target {
    ($entry:path) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $entry(data));
    };
}
#[cfg(not(feature = "libfuzzer"))]
macro_rules! target {
    ($entry:path) => {
        fn main() -> std::io::Result<()> {
            std::env::args_os().skip(1).try_for_each(|path| std::fs::read(path).map(|data| $entry(&data)))
        }
    };
}
pub(crate) use target;
