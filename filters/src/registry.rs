//! The one list of filters: a new filter is one file in `rules/` and one line here.

use crate::rules;
use crate::spec::{Entry, entry};

/// Every filter there is, in the order in which lists show them.
pub const FILTERS: &[Entry] = &[
    entry::<rules::doc_length::Config>(),
    entry::<rules::chat_turns::Config>(),
    entry::<rules::gopher_repetition::Config>(),
    entry::<rules::gopher_quality::Config>(),
    entry::<rules::gopher_quality_dclm::Config>(),
    entry::<rules::c4_lines::Config>(),
    entry::<rules::fineweb_quality::Config>(),
    entry::<rules::url_list::Config>(),
    entry::<rules::keywords::Config>(),
    entry::<rules::hidden_characters::Config>(),
    entry::<rules::role_markers::Config>(),
    entry::<rules::refusals::Config>(),
    entry::<rules::sensitive_data::Config>(),
    entry::<rules::decontamination::Config>(),
    entry::<rules::text_statistics::Config>(),
    entry::<rules::generated_text::Config>(),
    entry::<rules::input_label::Config>(),
    entry::<rules::input_score::Config>(),
    entry::<rules::score_range::Config>(),
    entry::<rules::sample::Config>(),
];

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    FILTERS.iter().find(|entry| entry.name == name)
}
