//! HTTP answers and idempotency keys, with both releases of reqwest against servers on the loopback
//! interface: each test runs with each of them.

mod http {
    mod bad_input;
    mod bodies;
    mod bookings;
    mod client;
    mod dedupe_for;
    mod hints;
    mod keys;
    mod redirects;
    mod server;
    mod services;
    mod streams;
}
