#![allow(missing_docs, reason = "fields are called what they are")]
//! Verbal aggression: would you curse, scold or shout? 316 persons answer 24 items (Vansteelandt 2000; `VerbAgg` of R's lme4).
//! Persons differ and items differ, and every person answers every item.
//!
//! cargo run --release --example verb_agg
//!
//! Crossed effects of binary data: persons are the tasks, items a vector of globals. Writes a picture to `target/figures`.

#[path = "verb_agg/answers.rs"]
#[allow(unreachable_pub, reason = "tests have the same file")]
mod answers;
#[path = "shared/figure.rs"]
mod figure;
#[path = "shared/reference.rs"]
mod reference;

use answers::{Item, VerbalAggression, items, persons};
use hierarch::prelude::*;
use hierarch::{Options, Summary, plots};
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (persons, items) = (persons(), items());
    let model = VerbalAggression::new(&persons, &items);
    // of an occupied machine too
    let options = Options { correction_budget: Duration::from_secs(60), ..Options::default() };
    let fit = model.fit_with(&options)?;
    print!("{fit}");
    assert!(fit.trust().is_reliable, "{:?}", fit.trust());

    // how easily each item is said yes to, by a woman of little anger
    let ease = |(j, of): (usize, &Item)| {
        let ease = fit.marginal(|draw| {
            let global = &draw.global;
            global.intercept
                + global.item[j]
                + global.curse * of.curse
                + global.scold * of.scold
                + global.to_blame * of.to_blame
        });
        (of.name.to_owned(), ease)
    };
    let mut eases: Vec<(String, Summary)> = items.iter().enumerate().map(ease).collect();
    eases.sort_by(|(_, a), (_, b)| b.mean.total_cmp(&a.mean));
    let title = "Would you? Median and 90% of each item, log odds of yes";
    figure::save("verb_agg", &plots::intervals(title, ["log odds", "item"], &eases, 0.0)?)?;
    let between = fit.marginal(|draw| (draw.global.item_scale / draw.global.tau).powi(2));
    println!("variance between items over that between persons: {between}");

    // NumPyro's NUTS, non-centred, 4 chains of 2,500: 3,231 effective draws and more
    let global = fit.global();
    let compared = [
        (global.anger, 0.5694, 0.1717),
        (global.curse, 2.0417, 0.3062),
        (global.to_blame, -1.0446, 0.2472),
        (global.tau, 1.3626, 0.0707),
        (global.item_scale, 0.5869, 0.1082),
    ];
    reference::assert_near("NUTS", &compared);
    Ok(())
}
