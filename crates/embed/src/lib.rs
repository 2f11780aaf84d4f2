//! Embedders that run on this machine and need no service.

#[cfg(feature = "candle")]
mod blocks;
#[cfg(feature = "candle")]
pub mod clip;
mod identity;
mod model_folder;
pub mod open;
pub mod static_model;
#[cfg(feature = "candle")]
mod tokens;
#[cfg(feature = "candle")]
pub mod transformer;
#[cfg(feature = "candle")]
mod unit;
#[cfg(feature = "candle")]
mod weights;
