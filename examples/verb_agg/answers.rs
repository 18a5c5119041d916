//! Verbal aggression: 316 persons say of 24 situations whether they would curse, scold or shout (Vansteelandt 2000;
//! `VerbAgg` of R's lme4), and the model that this is of.

use hierarch::prelude::*;

/// A person: trait anger in tens from 20, 1 for a man, and one answer an item.
pub struct Person {
    pub anger: f64,
    pub male: f64,
    pub answers: Vec<bool>,
}

/// An item: its name, and 1 where it is to curse, where it is to scold (else it is to shout), and where one has oneself to blame.
pub struct Item {
    pub name: &'static str,
    pub curse: f64,
    pub scold: f64,
    pub to_blame: f64,
}

model! {
    /// Persons and items are crossed: persons are the tasks, items a vector.
    pub VerbalAggression(persons: &[Person], items: &[Item]) {
        intercept ~ Normal(0.0, 2.0);
        anger ~ Normal(0.0, 2.0);
        male ~ Normal(0.0, 2.0);
        curse ~ Normal(0.0, 2.0);
        scold ~ Normal(0.0, 2.0);
        to_blame ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        item_scale ~ HalfNormal(2.0);
        item[_ in 0..items.len()] ~ Normal(0.0, item_scale);
        for person in persons {
            u ~ Normal(intercept + anger * person.anger + male * person.male, tau);
            for (j, of) in items.iter().enumerate() {
                let ease = item[j] + curse * of.curse + scold * of.scold + to_blame * of.to_blame;
                person.answers[j] ~ BernoulliLogit(u + ease);
            }
        }
    }
}

/// The persons, from a table with a heading.
pub fn persons() -> Vec<Person> {
    let person = |line: &str| {
        let mut words = line.split(',');
        let mut word = || words.next().expect("three columns");
        let [anger, male] = [word(), word()].map(|word| word.parse::<f64>().expect("a number"));
        Person { anger: (anger - 20.0) / 10.0, male, answers: word().bytes().map(|answer| answer == b'1').collect() }
    };
    include_str!("../../tests/data/verbagg.csv").lines().skip(1).map(person).collect()
}

/// The items, from a table with a heading and names.
pub fn items() -> Vec<Item> {
    let item = |line: &'static str| {
        let (name, words) = line.split_once(',').expect("a name first");
        let mut words = words.split(',').map(|word| word.parse().expect("a number"));
        let [curse, scold, to_blame] = std::array::from_fn(|_| words.next().expect("a number a column"));
        Item { name, curse, scold, to_blame }
    };
    include_str!("../../tests/data/verbagg_items.csv").lines().skip(1).map(item).collect()
}
