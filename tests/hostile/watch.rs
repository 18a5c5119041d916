//! Panics are caught and told of; what takes too long ends the program.

use crate::examine::Found;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::exit;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Sets take milliseconds.
const MOST: Duration = Duration::from_secs(10);

/// What runs now, and since when.
type Running = Arc<Mutex<Option<(String, Instant)>>>;

pub(crate) struct Watch {
    running: Running,
    panicked: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let watch = Self { running: Arc::default(), panicked: Arc::default() };
        let panicked = Arc::clone(&watch.panicked);
        set_hook(Box::new(move |info| panicked.lock().expect("no panic holds it").push(info.to_string())));
        let running = Arc::clone(&watch.running);
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(200));
                if let Some((what, since)) = &*running.lock().expect("no panic holds it")
                    && since.elapsed() > MOST
                {
                    eprintln!("{what}: still running after {} s", MOST.as_secs());
                    exit(1);
                }
            }
        });
        watch
    }

    /// What is found, or that it panicked.
    pub(crate) fn guarded(&self, what: &str, run: impl FnOnce() -> Found) -> Found {
        *self.running.lock().expect("no panic holds it") = Some((what.to_owned(), Instant::now()));
        let found = catch_unwind(AssertUnwindSafe(run));
        *self.running.lock().expect("no panic holds it") = None;
        let panicked = std::mem::take(&mut *self.panicked.lock().expect("no panic holds it"));
        found.unwrap_or_else(|_| Found { complaints: panicked, ..Found::default() })
    }
}
