//! Fits, and what they and their models say, in one program: a model that several of these files fit is compiled once.
#![allow(clippy::duplicate_mod, reason = "programs of `examples/` are modules here, each with what it needs")]

mod adaptation;
mod amortised;
mod arviz;
mod assessment;
mod certificate;
mod chains;
mod climbs;
mod combinations;
mod covariates;
mod crossed;
mod density;
mod errors;
mod hidden_states;
mod inference;
mod language;
mod literals;
mod nested;
mod nuts;
mod observations;
mod options;
mod panel;
mod quadrature;
mod readme;
mod repeated;
mod results;
mod saved;
mod several_modes;
mod shards;
mod summed;
mod tables;
mod trust;
mod verdicts;

/// A model's expansion by hand.
#[path = "../examples/hand_written_model.rs"]
#[allow(dead_code, unreachable_pub, reason = "a program of its own, of which the model serves here")]
mod hand_written_model;
#[path = "shared/models.rs"]
mod models;
#[path = "shared/panel_rows.rs"]
mod panel_rows;
