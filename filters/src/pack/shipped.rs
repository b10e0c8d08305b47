//! The packs compiled into the program.

/// Name and content of every pack that a configuration may name without a path.
pub const SHIPPED: &[(&str, &str)] = &[
    ("adult", include_str!("../../../packs/adult.toml")),
    ("cbrn", include_str!("../../../packs/cbrn.toml")),
    ("critical-infrastructure", include_str!("../../../packs/critical-infrastructure.toml")),
    ("democratic-processes", include_str!("../../../packs/democratic-processes.toml")),
    ("discrimination", include_str!("../../../packs/discrimination.toml")),
    ("extremism", include_str!("../../../packs/extremism.toml")),
    ("identity", include_str!("../../../packs/identity.toml")),
    ("illicit-trade", include_str!("../../../packs/illicit-trade.toml")),
    ("pii-context", include_str!("../../../packs/pii-context.toml")),
    ("prompt-injection", include_str!("../../../packs/prompt-injection.toml")),
    ("self-harm", include_str!("../../../packs/self-harm.toml")),
];

/// The shipped packs that look for hazards, those of the profile `high-risk`: `identity` measures filters, it is none.
pub const HAZARDS: &[&str] = &[
    "adult",
    "cbrn",
    "critical-infrastructure",
    "democratic-processes",
    "discrimination",
    "extremism",
    "illicit-trade",
    "pii-context",
    "prompt-injection",
    "self-harm",
];

/// The content of a shipped pack.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, content)| *content)
}
