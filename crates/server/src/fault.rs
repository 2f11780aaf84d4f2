//! Why a request failed, and how each service says so.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::auth::Denied;
use crate::service::Service;

/// Why a request failed.
///
/// A handler's answer carries it as an extension; the admission, which knows the request's id and
/// service, writes the body.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// What of the input is wrong, for Nebius's list.
    inputs: Vec<InputFault>,
}

/// A piece of input that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct InputFault {
    /// Where it is: `body`, `path` or `query`, then names and places.
    pub place: Vec<String>,
    /// What would be right.
    pub message: String,
    /// The kind of fault, as pydantic names it.
    pub kind: &'static str,
}

impl Fault {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), inputs: Vec::new() }
    }

    pub fn bad_inputs(inputs: Vec<InputFault>) -> Self {
        let message = inputs.first().map(|input| input.message.clone()).unwrap_or_default();
        Self { inputs, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "InvalidParameter", message) }
    }

    /// The service's code, such as `InvalidParameter`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong and what would be right, for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn denied(denied: &Denied, service: Service) -> Self {
        let code = match service {
            Service::Pds => denied.pds_code(),
            _ => denied.pai_code(),
        };
        Self::new(denied.status(), code, denied.to_string())
    }

    pub fn body_too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes; send several smaller ones");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge", message)
    }

    pub fn timed_out(what: &str) -> Self {
        let message = format!("{what} took too long");
        Self::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", message)
    }

    pub fn busy(service: Service) -> Self {
        let code = if service == Service::Pds { "TooManyRequests" } else { "Throttling" };
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, "too many requests at once; try again")
    }

    pub fn stopping() -> Self {
        let message = "the server is stopping";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
    }

    /// The body in the shape of a service.
    pub fn body(&self, service: Service, request_id: &str) -> Value {
        match service {
            Service::Pai | Service::Own => {
                json!({ "Code": self.code, "Message": self.message, "RequestId": request_id })
            }
            Service::Pds => json!({ "code": self.code, "message": self.message }),
            Service::Nebius if self.inputs.is_empty() => json!({ "detail": self.message }),
            Service::Nebius => {
                let inputs = self.inputs.iter().map(
                    |input| json!({ "loc": input.place, "msg": input.message, "type": input.kind }),
                );
                json!({ "detail": inputs.collect::<Value>() })
            }
        }
    }

    pub fn into_body(self, service: Service, request_id: &str) -> Response {
        let mut response =
            (self.status, self.body(service, request_id).to_string()).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        response
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
