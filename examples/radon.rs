//! Radon in 919 houses of 85 Minnesota counties (Gelman & Hill 2007): a mean a county, partially pooled.
//!
//! cargo run --release --example radon

use hierarch::prelude::*;
use serde::Deserialize;

/// A county: the logarithm of the uranium in its soil, and its houses.
pub struct County {
    log_uranium: f64,
    houses: Vec<House>,
}

/// A house: 0 if measured in the basement, 1 on the first floor; and ln(pCi / L) of radon there.
pub struct House {
    floor: f64,
    log_radon: f64,
}

model! {
    /// Counties differ; uranium and the floor explain a part.
    pub Radon(counties: &[County]) {
        mu_alpha ~ Normal(0.0, 10.0);
        sigma_alpha ~ HalfNormal(1.0);
        beta_uranium ~ Normal(0.0, 10.0);
        beta_floor ~ Normal(0.0, 10.0);
        sigma_y ~ HalfNormal(1.0);
        for county in counties {
            alpha ~ Normal(mu_alpha, sigma_alpha);
            let base = alpha + beta_uranium * county.log_uranium;
            for house in &county.houses {
                house.log_radon ~ Normal(base + beta_floor * house.floor, sigma_y);
            }
        }
    }
}

#[derive(Deserialize)]
struct Columns {
    county_idx: Vec<usize>,
    floor: Vec<f64>,
    log_radon: Vec<f64>,
    log_uranium: Vec<f64>,
}

#[derive(Deserialize)]
struct Reference {
    mean: Values,
    sd: Values,
}

#[derive(Deserialize)]
struct Values {
    mu_alpha: f64,
    sigma_alpha: f64,
    beta_uranium: f64,
    beta_floor: f64,
    sigma_y: f64,
    alpha: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data: Columns = serde_json::from_str(include_str!("data/radon_mn.json"))?;
    let mut counties: Vec<County> = Vec::new();
    for (i, &county) in data.county_idx.iter().enumerate() {
        counties.resize_with(counties.len().max(county), || County { log_uranium: 0.0, houses: Vec::new() });
        let place = &mut counties[county - 1];
        place.log_uranium = data.log_uranium[i];
        place.houses.push(House { floor: data.floor[i], log_radon: data.log_radon[i] });
    }

    let fit = Radon::new(&counties).fit()?;
    print!("{fit}");

    // a long NUTS run of the same model
    let reference: Reference = serde_json::from_str(include_str!("data/radon_mn_reference.json"))?;
    let (mean, sd, global) = (&reference.mean, &reference.sd, fit.global());
    let mut compared = vec![
        (global.mu_alpha, mean.mu_alpha, sd.mu_alpha),
        (global.sigma_alpha, mean.sigma_alpha, sd.sigma_alpha),
        (global.beta_uranium, mean.beta_uranium, sd.beta_uranium),
        (global.beta_floor, mean.beta_floor, sd.beta_floor),
        (global.sigma_y, mean.sigma_y, sd.sigma_y),
    ];
    compared.extend((0..counties.len()).map(|i| (fit.local(i).alpha, mean.alpha[i], sd.alpha[i])));
    reference::assert_near("NUTS", &compared);
    Ok(())
}

#[path = "shared/reference.rs"]
mod reference;
