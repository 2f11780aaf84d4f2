//! The server: its address, its connections, its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use filedex::Database;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::{Semaphore, watch};
use tower::Service as _;

use crate::admission::Peer;
use crate::app::{App, Shared};
use crate::config::Config;
use crate::jobs::Jobs;
use crate::local::Announced;
use crate::router::router;

/// What the headers of a request may take; the address of one is in any case below 64 KiB.
const HEADER_BYTES: usize = 128 << 10;
/// How many headers a request has at most.
const HEADERS: usize = 100;
/// How long requests at work may go on once the server is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is not of this machine alone, and no keys are set.
    #[error(
        "{0} can be reached from other machines, and no keys are set; configure keys, or listen on \
         127.0.0.1"
    )]
    Unprotected(SocketAddr),
    /// The address cannot be listened on.
    #[error("listening on {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// A folder of files cannot be opened, or the account of OSS cannot be used.
    #[error("{0}")]
    Files(String),
    /// The system gives no threads.
    #[error("starting: {0}")]
    Start(#[source] std::io::Error),
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] filedex::Error),
}

/// A server that listens, and answers once it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Shared,
    stop: StopHandle,
    /// Made before anybody is told that the server listens; taken away when it ends.
    announced: Option<Announced>,
}

/// Stops a server, from anywhere.
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<watch::Sender<bool>>);

impl StopHandle {
    /// Lets the requests at work end, and then the server. A second time changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Server {
    /// Takes the address. Connections wait until [`Server::run`].
    ///
    /// # Errors
    /// [`ServeError`]: an address that others can reach needs keys.
    pub fn bind(database: Database, config: Config) -> Result<Self, ServeError> {
        Self::bind_shared(Arc::new(database), config)
    }

    /// The same with a database that the program goes on using beside.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_shared(database: Arc<Database>, config: Config) -> Result<Self, ServeError> {
        let links = config.links()?;
        let jobs = Jobs::start(&database, config.embedders.clone())?;
        let listen = |error| ServeError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let app = Arc::new(App::new(database, config, links, jobs));
        let local = app.local.as_ref();
        let announced = local.and_then(|local| local.announce(app.database.path(), address));
        let stop = StopHandle(Arc::new(watch::Sender::new(false)));
        Ok(Self { listener, address, app, stop, announced })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that lets a browser in to the page, with the token of this run; `None` where
    /// there is no page.
    #[must_use]
    pub fn entrance(&self) -> Option<String> {
        let page = self.app.browse.as_ref()?;
        Some(format!("http://{}{}", self.address, page.access.entrance()))
    }

    /// What its handlers share.
    pub(crate) fn app(&self) -> &Shared {
        &self.app
    }

    /// What stops it.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Answers until it is stopped; then no answer is cut off for 20 seconds, and what was asked to
    /// be written is written.
    ///
    /// # Errors
    /// [`ServeError::Start`] where the system gives no threads.
    pub fn run(self) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("filedex-http")
            .enable_all()
            .build()
            .map_err(ServeError::Start)?;
        let Self { listener, app, stop, announced, .. } = self;
        let served = runtime.block_on(accept(listener, &app, &stop));
        runtime.shutdown_timeout(GRACE);
        drop(announced);
        app.jobs.stop();
        app.writes.finish();
        served
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, app: &Shared, stop: &StopHandle) -> Result<(), ServeError> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(ServeError::Start)?;
    let router = router(app);
    let places = Arc::new(Semaphore::new(app.config.connections));
    let connections = GracefulShutdown::new();
    let mut stopped = stop.0.subscribe();
    loop {
        let place = tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let (stream, peer) = tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, most often: others end meanwhile.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(app.config.timeout)
            // A client that sent all and closes its side still gets it done.
            .half_close(true)
            .max_buf_size(HEADER_BYTES)
            .max_headers(HEADERS)
            .serve_connection(TokioIo::new(stream), service(&router, Peer(peer.ip())));
        let connection = connections.watch(connection);
        let app = Arc::clone(app);
        tokio::spawn(async move {
            app.metrics.connections.inc();
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection ended badly");
            }
            app.metrics.connections.dec();
            drop(place);
        });
    }
    drop(listener);
    tracing::info!("stopping");
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still at work after {} s", GRACE.as_secs());
    }
    Ok(())
}

/// The router for one connection.
fn service(
    router: &Router,
    peer: Peer,
) -> impl hyper::service::Service<
    http::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> + use<> {
    let router = router.clone();
    hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().call(request)
    })
}
