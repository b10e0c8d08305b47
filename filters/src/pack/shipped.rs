//! The packs compiled into the program.

/// Name and content of every pack that a configuration may name without a path.
pub const SHIPPED: &[(&str, &str)] = &[
    ("cbrn", include_str!("../../../packs/cbrn.toml")),
    ("critical-infrastructure", include_str!("../../../packs/critical-infrastructure.toml")),
    ("identity", include_str!("../../../packs/identity.toml")),
    ("prompt-injection", include_str!("../../../packs/prompt-injection.toml")),
    ("self-harm", include_str!("../../../packs/self-harm.toml")),
];

/// The content of a shipped pack.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, content)| *content)
}
