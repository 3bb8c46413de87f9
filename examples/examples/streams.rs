//! The four kinds of call: one message each way, a stream from the server, one from the client, and both.
//!
//! `cargo run -p countersign-examples --example streams`

use countersign::{Context, Receiver, Sender, Status};

/// Works on text. Items are sent only as fast as the other side takes them.
#[countersign::service(package = "desk")]
trait Scribe {
    /// How many words a text has.
    async fn count(&self, cx: &Context, text: String) -> Result<usize, Status>;
    /// Its words, one by one, then how many there were.
    async fn split(&self, cx: &Context, text: String, words: Sender<String>) -> Result<usize, Status>;
    /// One text of many words.
    async fn join(&self, cx: &Context, words: Receiver<String>) -> Result<String, Status>;
    /// The same words, louder, each as soon as it comes.
    async fn shout(
        &self,
        cx: &Context,
        words: Receiver<String>,
        louder: Sender<String>,
    ) -> Result<(), Status>;
}

struct Monk;

impl Scribe for Monk {
    async fn count(&self, _: &Context, text: String) -> Result<usize, Status> {
        Ok(text.split_whitespace().count())
    }

    async fn split(&self, _: &Context, text: String, words: Sender<String>) -> Result<usize, Status> {
        for word in text.split_whitespace() {
            words.send(word.to_owned()).await?;
        }
        Ok(text.split_whitespace().count())
    }

    async fn join(&self, _: &Context, mut words: Receiver<String>) -> Result<String, Status> {
        let mut text = Vec::new();
        while let Some(word) = words.next().await? {
            text.push(word);
        }
        Ok(text.join(" "))
    }

    async fn shout(
        &self,
        _: &Context,
        mut words: Receiver<String>,
        louder: Sender<String>,
    ) -> Result<(), Status> {
        while let Some(word) = words.next().await? {
            louder.send(word.to_uppercase()).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scribe = ScribeClient::in_process(Monk);

    println!("one message each way: {} words", scribe.count("let there be light").await?);

    let mut words = scribe.split("let there be light").await?;
    while let Some(word) = words.next().await? {
        println!("from the server: {word}");
    }
    println!("and its result: {}", words.finish().await?);

    println!("from the client: {}", scribe.join().send_all(["and", "there", "was"]).await?);

    let mut shout = scribe.shout().await?;
    for word in ["let", "there", "be"] {
        shout.send(word).await?;
        println!("both ways: {word} {:?}", shout.next().await?);
    }
    shout.finish().await?;
    Ok(())
}
