//! One file per verb.

pub mod bench;
pub mod demo;
pub mod explain;
pub mod filters;
pub mod init;
pub mod keygen;
pub mod plan;
pub mod run;
pub mod sign;
pub mod verify;
