//! Requests that come from this process itself.

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use tokio::runtime::Runtime;
use tower::Service as _;

use crate::listen::{ServeError, Server};
use crate::router::router;

/// Answers requests of this process as the server answers those of its connections, which has
/// neither to run nor to be reached for it.
///
/// ```
/// # use filedex_server::{Config, InProcess, Server};
/// # let dir = tempfile::tempdir()?;
/// # let database = filedex::Database::create(dir.path().join("a.filedex"))?;
/// # let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
/// let server = Server::bind(database, config)?;
/// let inside = InProcess::new(&server)?;
/// let answer = inside.answer(http::Request::get("/healthz").body(Vec::new())?)?;
/// assert_eq!(answer.body(), b"ok\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct InProcess {
    router: Router,
    runtime: Runtime,
}

impl InProcess {
    /// A way into a server.
    ///
    /// # Errors
    /// [`ServeError::Start`] where the system gives no threads.
    pub fn new(server: &Server) -> Result<Self, ServeError> {
        // Work that blocks leaves its thread, which only a runtime of several can do.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { router: router(server.app()), runtime: runtime.map_err(ServeError::Start)? })
    }

    /// The answer to a request. It waits for it, so it is not for asynchronous code.
    ///
    /// # Errors
    /// Where a file that is the answer's body cannot be read to its end.
    pub fn answer(&self, request: Request<Vec<u8>>) -> std::io::Result<Response<Vec<u8>>> {
        self.runtime.block_on(async {
            let request = request.map(Body::from);
            let Ok(response) = self.router.clone().call(request).await;
            let (head, body) = response.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await;
            let body = body.map_err(std::io::Error::other)?;
            Ok(Response::from_parts(head, body.into()))
        })
    }
}
