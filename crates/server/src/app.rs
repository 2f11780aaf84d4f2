//! What the handlers share.

use std::sync::Arc;

use filedex::{Database, Reader};
use tokio::sync::Semaphore;

use crate::auth::Verifier;
use crate::clock::Clock;
use crate::config::Config;
use crate::fault::Fault;
use crate::jobs::Jobs;
use crate::links::Links;
use crate::local::Local;
use crate::metrics::Metrics;
use crate::write_queue::WriteQueue;

/// Threads that work for requests at once: for each core two, as some wait for the disk.
const WORKERS_A_CORE: usize = 2;

/// What the handlers share.
pub(crate) struct App {
    pub database: Arc<Database>,
    pub writes: WriteQueue,
    pub jobs: Jobs,
    pub links: Links,
    pub metrics: Metrics,
    pub clock: Clock,
    pub verifier: Option<Verifier>,
    pub local: Option<Local>,
    pub config: Config,
    /// Held from a look at the names of a folder to the commit that takes one.
    pub names: tokio::sync::Mutex<()>,
    workers: Semaphore,
}

/// How handlers get it.
pub(crate) type Shared = Arc<App>;

impl App {
    pub fn new(database: Arc<Database>, config: Config, links: Links, jobs: Jobs) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let clock = Clock::of(config.clock.clone());
        Self {
            writes: WriteQueue::start(Arc::clone(&database)),
            verifier: config.keys.clone().map(Verifier::new),
            local: config.commands.clone().map(Local::new),
            metrics: Metrics::new(),
            workers: Semaphore::new(WORKERS_A_CORE * cores),
            names: tokio::sync::Mutex::new(()),
            database,
            jobs,
            links,
            clock,
            config,
        }
    }

    /// Does what takes a processor or the disk on a thread of its own, so that it holds up no
    /// connection.
    pub async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&App) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let _permit = self.workers.acquire().await.map_err(|_| Fault::stopping())?;
        let app = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&app)).await {
            Ok(done) => done,
            Err(panic) => {
                tracing::error!(%panic, "a request's work failed; this is a fault of the program");
                Err(Fault::new(
                    http::StatusCode::INTERNAL_SERVER_ERROR,
                    "InternalError",
                    "the server failed at this request; its log says more",
                ))
            }
        }
    }

    /// A snapshot.
    pub fn reader(&self) -> filedex::Result<Reader> {
        self.database.reader()
    }
}
