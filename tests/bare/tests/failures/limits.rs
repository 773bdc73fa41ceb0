//! Effects that the error does not show, and the call that reports them from the body: `acted()`.

use std::net::SocketAddr;

use retry_effects::acted;
use retry_tests_bare::loopback::{Peer, Reaction, Refusing};
use retry_tests_bare::program::{Failure, two_calls};

use super::reactions::answer;

async fn post(client: &reqwest::Client, address: SocketAddr) -> Result<(), Failure> {
    let url = format!("http://{address}/order");
    client.post(url).send().await?.error_for_status()?;
    Ok(())
}

fn client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

#[tokio::test]
async fn a_client_that_follows_redirects_reports_its_last_try() {
    let refusing = Refusing::start();
    let location = format!("location: http://{}/receipt\r\n", refusing.address());
    let booked = answer("303 See Other", &location, "");
    let following = client().build().expect("a client");

    let bank = Peer::start(Reaction::Answer(booked.clone())).await;
    let send = async || post(&following, bank.address()).await;
    two_calls("303 to a refused port", send).await.assert_free();
    assert_eq!(
        bank.requests(),
        8,
        "it looks refused, and each attempt has booked"
    );

    let bank = Peer::start(Reaction::Answer(booked.clone())).await;
    let send = async || {
        acted();
        post(&following, bank.address()).await
    };
    two_calls("after `acted()`", send).await.assert_in_doubt();
    assert_eq!(bank.requests(), 1);

    // A client that does not follow gets the answer itself.
    let bank = Peer::start(Reaction::Answer(booked)).await;
    let steady = client()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    post(&steady, bank.address()).await.expect("the 303");
    assert_eq!(bank.requests(), 1);
}

#[tokio::test]
async fn a_client_that_fails_over_reports_its_last_try() {
    let (bank, refusing) = (Peer::start(Reaction::Close).await, Refusing::start());
    let client = client().build().expect("a client");
    let either = async || match post(&client, bank.address()).await {
        Ok(()) => Ok(()),
        Err(_) => post(&client, refusing.address()).await,
    };
    two_calls("fails over", either).await.assert_free();
    assert_eq!(bank.requests(), 8, "each attempt has booked");
}

#[tokio::test]
async fn a_later_step_speaks_for_itself_alone() {
    let receipt = answer("200 OK", "", "booked");
    let (client, refusing) = (client().build().expect("a client"), Refusing::start());

    let bank = Peer::start(Reaction::Answer(receipt.clone())).await;
    let book_and_mail = async || {
        post(&client, bank.address()).await?;
        post(&client, refusing.address()).await
    };
    two_calls("a mail server that refuses", book_and_mail)
        .await
        .assert_free();
    assert_eq!(bank.requests(), 8, "each attempt has booked");

    let bank = Peer::start(Reaction::Answer(receipt)).await;
    let book_and_mail = async || {
        post(&client, bank.address()).await?;
        acted();
        post(&client, refusing.address()).await
    };
    two_calls("after `acted()`", book_and_mail)
        .await
        .assert_in_doubt();
    assert_eq!(bank.requests(), 1);
}
