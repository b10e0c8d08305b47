//! The models compiled into the program.

/// Name and content of every model that a configuration may name without a path; `models/` has a card for each.
pub const SHIPPED: &[(&str, &[u8])] = &[
    ("hazard", include_bytes!("../../../models/hazard.probity")),
    ("generated", include_bytes!("../../../models/generated.probity")),
    ("quality", include_bytes!("../../../models/quality.probity")),
];

/// The content of a shipped model.
pub fn shipped(name: &str) -> Option<&'static [u8]> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, content)| *content)
}
