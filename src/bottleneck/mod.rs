//! Where the time goes: what is normal, which law holds, what slowed, what would scale.
//!
//! Pure: plain numbers and spans in, findings as numbers and enums out; a piece of evidence
//! comes with its sentence.

pub mod classify;
pub mod critical_path;
pub mod decomposition;
pub mod history;
pub mod normal;
pub mod operational_laws;
pub mod rank;
pub mod reading;
pub mod role;
pub mod scalability;
pub mod topology;
