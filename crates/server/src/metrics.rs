//! What is counted, in Prometheus's text format.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::service::Service;

/// Upper ends of the times that are told apart, in seconds.
const TIMES: [f64; 12] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    service: Service,
    operation: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Took {
    service: Service,
    operation: String,
}

impl EncodeLabelValue for Service {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.name(), encoder)
    }
}

/// The counters.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Asked, Counter>,
    times: Family<Took, Histogram>,
    pub in_flight: Gauge,
    pub connections: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("filedex");
        let requests = Family::<Asked, Counter>::default();
        let times = Family::<Took, Histogram>::new_with_constructor(|| Histogram::new(TIMES));
        let (in_flight, connections) = (Gauge::default(), Gauge::default());
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the headers of a request to the head of its answer",
            Unit::Seconds,
            times.clone(),
        );
        registry.register("http_requests_in_flight", "Requests at work", in_flight.clone());
        registry.register("http_connections", "Open connections", connections.clone());
        Self { registry, requests, times, in_flight, connections }
    }

    /// Counts an answer. An operation is the route's path, so their number is bounded.
    pub fn answered(&self, service: Service, operation: &str, status: u16, took: Duration) {
        let operation = operation.to_owned();
        let asked = Asked { service, operation: operation.clone(), status };
        self.requests.get_or_create(&asked).inc();
        self.times.get_or_create(&Took { service, operation }).observe(took.as_secs_f64());
    }

    /// All of them as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
