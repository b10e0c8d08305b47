//! The rules: one file each, with its definition, source, configuration, rule ids, code and tests. Files that hold
//! no rule are parts of the one that uses them.

pub mod c4_lines;
mod c4_phrases;
mod c4_rewrite;
pub mod chat_turns;
pub mod decontamination;
pub mod doc_length;
pub mod fineweb_quality;
pub mod generated_text;
pub mod gopher_quality;
pub mod gopher_quality_dclm;
pub mod gopher_repetition;
pub mod hidden_characters;
pub mod input_label;
pub mod input_score;
pub mod keywords;
mod ngrams;
pub mod refusals;
mod repeats;
pub mod role_markers;
pub mod sample;
pub mod score_range;
pub mod sensitive_data;
pub mod sentences;
pub mod text_statistics;
pub mod url_list;
mod url_parts;
