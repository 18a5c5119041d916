//! Numbers by name as arrays with dimensions.

use crate::arviz::data::{Coordinate, Group, InferenceData, Variable};
use crate::arviz::gather::Gathered;
use crate::arviz::json::{number, string};
use crate::error::{Place, TaskName};
use crate::fit::report::belief;
use crate::fit::solution::Solution;
use crate::fit::{DrawsTable, NumberName};

/// Where the numbers of a variable stand among all numbers of a draw.
struct Stand {
    name: String,
    /// Its dimensions with their lengths.
    dims: Vec<(String, usize)>,
    columns: Vec<usize>,
}

impl Stand {
    /// The variable of these draws of all numbers.
    fn drawn<'a>(&self, draws: impl ExactSizeIterator<Item = &'a Vec<f64>>) -> Variable {
        let before = [1, draws.len()];
        self.variable(&before, draws.flat_map(|draw| self.columns.iter().map(|&k| draw[k])).collect())
    }

    /// The variable of these numbers, which are no draws.
    fn given(&self, numbers: &[f64]) -> Variable {
        self.variable(&[], self.columns.iter().map(|&k| numbers[k]).collect())
    }

    fn variable(&self, before: &[usize], values: Vec<f64>) -> Variable {
        let (dims, lengths): (Vec<String>, Vec<usize>) = self.dims.iter().cloned().unzip();
        Variable { name: self.name.clone(), dims, shape: [before, &lengths].concat(), values }
    }
}

/// All groups, from a table of the latents' draws, its draws' weights, and what was gathered of the observations.
pub(super) fn assembled(
    table: &DrawsTable,
    weights: Vec<f64>,
    gathered: Gathered,
    solution: &Solution,
) -> InferenceData {
    // the numbers of a task stand together
    let mut tasks: Vec<&TaskName> = table.names.iter().filter_map(|name| name.task.as_ref()).collect();
    tasks.dedup();
    let mut coordinates = Vec::from_iter((!tasks.is_empty()).then(|| of_tasks(&tasks)));
    let latents: Vec<Stand> = unique(table.names.iter().map(|name| name.site))
        .into_iter()
        .map(|site| of_latent(site, &table.names, tasks.len(), &mut coordinates))
        .collect();
    let draws: Vec<Vec<f64>> =
        (0..weights.len()).map(|s| table.columns.iter().map(|column| column[s]).collect()).collect();
    let Gathered { places, values, ln_densities, replicated } = gathered;
    let sites: Vec<Observed> = unique(places.iter().map(|place| place.site))
        .into_iter()
        .map(|site| Observed::of(site, &places, &tasks, &mut coordinates))
        .collect();
    let weight = Variable { name: "weight".into(), dims: Vec::new(), shape: vec![1, weights.len()], values: weights };
    let group = |name, variables| Group { name, variables };
    let mut groups = vec![
        group("posterior", latents.iter().map(|stand| stand.drawn(draws.iter())).collect()),
        group("sample_stats", vec![weight]),
        group("log_likelihood", sites.iter().map(|site| site.scored.drawn(ln_densities.iter())).collect()),
        group("observed_data", sites.iter().map(|site| site.numbers.given(&values)).collect()),
        group("constant_data", sites.iter().filter_map(|site| site.task.clone()).collect()),
    ];
    if let Some(replicated) = replicated {
        let variables = sites.iter().map(|site| site.numbers.drawn(replicated.iter())).collect();
        groups.push(group("posterior_predictive", variables));
    }
    groups.retain(|group| !group.variables.is_empty());
    InferenceData { groups, coordinates, attributes: attributes(solution), progress: solution.options.progress }
}

/// What the variable of a site is called: as the site, which may be called as a dimension is.
fn variable(site: &str) -> String {
    if ["chain", "draw", "task"].contains(&site) { format!("{site}_") } else { site.to_owned() }
}

/// The names of sites, each once, in order of first appearance.
fn unique<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in all {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn of_tasks(tasks: &[&TaskName]) -> Coordinate {
    let called = |task: &&TaskName| match &task.label {
        Some(label) => string(label),
        None => task.number.to_string(),
    };
    Coordinate { dim: "task".into(), values: tasks.iter().map(called).collect() }
}

/// A latent: by task and entry, or where tasks have different numbers of entries by both at once.
fn of_latent(site: &str, names: &[NumberName], tasks: usize, coordinates: &mut Vec<Coordinate>) -> Stand {
    let columns: Vec<usize> = (0..names.len()).filter(|&k| names[k].site == site).collect();
    let is_local = names[columns[0]].task.is_some();
    let many = if is_local { tasks } else { 1 };
    let each = columns.len() / many;
    let entry = |k: usize| match &names[k] {
        NumberName { node, entry, .. } if node.is_empty() => entry.trim_matches(['[', ']']).to_owned(),
        NumberName { node, entry, .. } => format!("{node}{entry}"),
    };
    let is_even = (0..columns.len()).all(|at| entry(columns[at]) == entry(columns[at % each.max(1)]));
    let mut dims = Vec::new();
    if is_even && each * many == columns.len() {
        dims.extend(is_local.then(|| ("task".to_owned(), tasks)));
        if each > 1 {
            let values = columns[..each].iter().map(|&k| string(&entry(k))).collect();
            dims.push(dimension(format!("{site}_entry"), values, coordinates));
        }
    } else {
        let called = |k: &usize| {
            let task = names[*k].task.as_ref().map_or_else(String::new, TaskName::in_table);
            string(format!("{task} {}{}", names[*k].node, names[*k].entry).trim())
        };
        dims.push(dimension(format!("{site}_entry"), columns.iter().map(called).collect(), coordinates));
    }
    Stand { name: variable(site), dims, columns }
}

fn dimension(dim: String, values: Vec<String>, coordinates: &mut Vec<Coordinate>) -> (String, usize) {
    let length = values.len();
    coordinates.push(Coordinate { dim: dim.clone(), values });
    (dim, length)
}

/// The observations of a site.
struct Observed {
    /// Its numbers.
    numbers: Stand,
    /// Its observations, of which a vector is one.
    scored: Stand,
    /// The number of each observation's task, where that is not told by the dimension.
    task: Option<Variable>,
}

impl Observed {
    fn of(site: &str, places: &[Place], tasks: &[&TaskName], coordinates: &mut Vec<Coordinate>) -> Self {
        let columns: Vec<usize> = (0..places.len()).filter(|&k| places[k].site == site).collect();
        let begins = |k: usize| places[k].entry.is_none_or(|entry| entry == 0);
        let firsts: Vec<usize> = columns.iter().copied().filter(|&k| begins(k)).collect();
        // how many observations of any site come before
        let scored = (0..places.len()).filter(|&k| begins(k)).enumerate();
        let scored = scored.filter(|(_, k)| places[*k].site == site).map(|(at, _)| at).collect();
        let task_of = |k: &usize| places[*k].task.as_ref();
        let is_one_a_task = firsts.iter().map(task_of).eq(tasks.iter().map(|task| Some(*task)));
        let first = if is_one_a_task {
            ("task".to_owned(), tasks.len())
        } else {
            let called = firsts.iter().map(|&k| string(&called(&places[k]))).collect();
            dimension(format!("{site}_observation"), called, coordinates)
        };
        let task = (!is_one_a_task && firsts.iter().all(|k| task_of(k).is_some())).then(|| Variable {
            name: format!("{site}_task"),
            dims: vec![first.0.clone()],
            shape: vec![firsts.len()],
            values: firsts.iter().filter_map(task_of).map(|task| task.number as f64).collect(),
        });
        let each = columns.len() / firsts.len().max(1);
        let is_even = columns.iter().enumerate().all(|(at, &k)| places[k].entry.unwrap_or(0) == at % each.max(1));
        let mut dims = vec![first.clone()];
        if !is_even {
            let called = |&k: &usize| string(&format!("{} [{}]", called(&places[k]), places[k].entry.unwrap_or(0)));
            dims = vec![dimension(format!("{site}_number"), columns.iter().map(called).collect(), coordinates)];
        } else if each > 1 {
            let values = (0..each).map(|entry| entry.to_string()).collect();
            dims.push(dimension(format!("{site}_entry"), values, coordinates));
        }
        // a variable has the same dimensions in all groups, of which the log likelihood may have the first ones only
        let name = if is_even { variable(site) } else { format!("{site}_vector") };
        let scored = Stand { name, dims: vec![first], columns: scored };
        Self { numbers: Stand { name: variable(site), dims, columns }, scored, task }
    }
}

/// `308 [2]`, `308 schools[Hill] [2]` in a nested plate, or `2` outside the plate.
fn called(place: &Place) -> String {
    let number = place.observation.unwrap_or(0);
    let dot = if place.node.is_empty() { "" } else { " " };
    let within = |task: &TaskName| format!("{}{dot}{} [{number}]", task.in_table(), place.node);
    place.task.as_ref().map_or_else(|| number.to_string(), within)
}

/// What the fit says of itself.
fn attributes(solution: &Solution) -> Vec<(&'static str, String)> {
    let Solution { trust, evidence, chains, climbed, .. } = solution;
    let mut all = vec![
        ("method", string(&format!("{:?}", trust.method))),
        ("trust", string(belief(trust))),
        ("notes", string(&trust.notes.join("; "))),
        ("verdict", string(&climbed.verdict.to_string())),
        ("elbo", number(climbed.elbo.total())),
    ];
    if let Some(evidence) = evidence {
        all.push(("k_hat", number(evidence.k_hat)));
        all.push(("effective_sample_size", number(evidence.effective_sample_size)));
        all.push(("ln_evidence", number(evidence.ln_evidence)));
    }
    all.extend(chains.as_ref().map(|chains| ("r_hat", number(chains.r_hat))));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_that_is_called_as_a_dimension_is_has_a_name_of_its_own() {
        assert_eq!([variable("draw"), variable("task"), variable("theta")], ["draw_", "task_", "theta"]);
    }
}
