//! Where something is in a model.

use std::fmt;

/// Which task. Displayed as `task 3`, or `task 3 (308)` where its data say that it is called 308.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskName {
    /// Its number, counted from 0.
    pub number: usize,
    /// What it is called, as [`grouped`](crate::tasks::grouped) has it.
    pub label: Option<String>,
}

impl TaskName {
    /// A task that is called by its number alone.
    pub fn unlabelled(number: usize) -> Self {
        Self { number, label: None }
    }

    /// Its number, and its label if it has one.
    pub(crate) fn numbered(&self) -> String {
        let label = self.label.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
        format!("{}{label}", self.number)
    }

    /// What a table calls it: by its label, or else by its number.
    pub(crate) fn in_table(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.to_string())
    }
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.numbered())
    }
}

/// Where in a model: a site, the task it was reached in, and which of the site's occurrences there.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The left side of the site's `~`, as written.
    pub site: &'static str,
    /// File and line of the site; empty and 0 for a hand-written model that gave none.
    pub file: &'static str,
    /// See `file`.
    pub line: u32,
    /// The task; `None` outside the plate, and for a task that is not one of the fit's.
    pub task: Option<TaskName>,
    /// The turn of nested plates within the task: `schools[2]`, or `schools[Hill].classes[0]`; empty in the plate itself.
    pub node: String,
    /// Which occurrence of an observed site in that task, counted from 0.
    pub observation: Option<usize>,
    /// Which entry of a vector of latents, counted from 0.
    pub entry: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "`{}[{entry}]`", self.site)?,
            None => write!(f, "`{}`", self.site)?,
        }
        if let Some(task) = &self.task {
            write!(f, ", {task}")?;
        }
        if !self.node.is_empty() {
            write!(f, ", {}", self.node)?;
        }
        if let Some(observation) = self.observation {
            write!(f, ", observation {observation}")?;
        }
        if self.line > 0 {
            write!(f, " ({}:{})", self.file, self.line)?;
        }
        Ok(())
    }
}

impl Place {
    /// Calls its task by its label.
    pub(crate) fn label_task(&mut self, label: impl Fn(usize) -> Option<String>) {
        if let Some(task) = &mut self.task {
            task.label = label(task.number);
        }
    }
}
