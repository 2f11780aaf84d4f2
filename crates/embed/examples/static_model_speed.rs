//! How long the model inside the crate takes to load, and how many captions it embeds in a second:
//! `cargo run --release -p filedex-embed --example static_model_speed`.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::time::Instant;

use filedex_embed::static_model::StaticModel;
use filedex_model::Embedder;

const ROUNDS: usize = 20;

fn main() {
    let begin = Instant::now();
    let model = StaticModel::default_model();
    let loaded = begin.elapsed();
    let first = model.embed_texts(&["a dog on a beach"]);
    println!("loaded in {loaded:.1?}, the first vector after {:.1?}", begin.elapsed());
    assert!(first[0].is_ok());

    let files = filedex_testkit::fixture::files();
    let captions: Vec<&str> = files.iter().filter_map(|file| file.comment.as_deref()).collect();
    let letters: usize = captions.iter().map(|caption| caption.len()).sum();
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        assert_eq!(model.embed_texts(&captions).len(), captions.len());
    }
    let each = begin.elapsed().as_secs_f64() / ROUNDS as f64;
    println!(
        "{:.0} captions of {} bytes a second, on one thread",
        captions.len() as f64 / each,
        letters / captions.len()
    );
}
