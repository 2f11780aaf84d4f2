//! What the handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use filedex::{Database, Reader};
use tokio::sync::Semaphore;

use crate::auth::Verifier;
use crate::browse::{Access, Browse, Galleries, Thumbnails};
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

/// A body that needs no room of its own.
const SMALL_BODY: usize = 64 << 10;
/// What all large bodies may take together, or twice the largest if that is more.
const LARGE_BODIES: usize = 256 << 20;

/// Room in memory for a body.
pub(crate) struct BodyRoom {
    app: Shared,
    bytes: usize,
}

impl Drop for BodyRoom {
    fn drop(&mut self) {
        self.app.large_bodies.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What the handlers of the page share.
pub(crate) struct Page {
    pub edit: bool,
    pub access: Access,
    pub galleries: Galleries,
    pub thumbnails: Thumbnails,
}

impl Page {
    fn of(browse: Browse) -> Self {
        Self {
            edit: browse.edit,
            access: Access::random(),
            galleries: Galleries::default(),
            thumbnails: Thumbnails::in_folder(browse.thumbnails),
        }
    }
}

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
    pub browse: Option<Page>,
    pub config: Config,
    /// Held from a look at the names of a folder to the commit that takes one.
    pub names: tokio::sync::Mutex<()>,
    /// Bytes of large bodies that are being read or worked on.
    large_bodies: AtomicUsize,
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
            browse: config.browse.clone().map(Page::of),
            metrics: Metrics::new(),
            large_bodies: AtomicUsize::new(0),
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

    /// Takes room in memory for a body, until the answer is dropped. Small ones need none: their
    /// number is bounded already. `None` where there is no room.
    pub fn room_for_body(self: &Arc<Self>, bytes: usize) -> Option<BodyRoom> {
        let bytes = if bytes > SMALL_BODY { bytes } else { 0 };
        let most = LARGE_BODIES.max(2 * self.config.body_limit);
        let taken = self.large_bodies.fetch_add(bytes, Ordering::Relaxed);
        let room = BodyRoom { app: Arc::clone(self), bytes };
        (bytes == 0 || taken + bytes <= most).then_some(room)
    }

    /// A snapshot.
    pub fn reader(&self) -> filedex::Result<Reader> {
        self.database.reader()
    }
}
