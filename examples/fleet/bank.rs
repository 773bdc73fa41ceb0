//! The bank: a server on this machine that books payments, after a delay. It does not use the
//! store, and its books are the proof.
//!
//! One line a request, one line an answer, one request a connection.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Returns a random number below `end`.
pub(crate) fn chance(end: u64) -> u64 {
    RandomState::new().hash_one(end) % end
}

/// The running bank.
pub(crate) struct Bank {
    pub(crate) address: SocketAddr,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    bookings: Vec<Booking>,
    /// The requests in progress: worker, order and fence.
    visitors: Vec<(u32, u32, u64)>,
    /// The number of payments in progress, including those whose caller has gone.
    open: u32,
    visits: Vec<Visit>,
    /// For each order with a *no*, the fence: claims with an older fence are refused from then on.
    barred: HashMap<u32, u64>,
}

/// A booked payment. A receipt's number is its place in the books, from 1.
#[derive(Clone, PartialEq)]
pub(crate) struct Booking {
    pub(crate) order: u32,
    pub(crate) worker: u32,
    cents: u64,
    key: String,
}

/// A request that the bank has answered.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Visit {
    pub(crate) order: u32,
    pub(crate) answer: Answer,
}

/// The bank's answer.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    Booked,
    /// The key of a wallet's payment was known, so it got the same receipt again.
    Known,
    /// The query found the payment in the books.
    Yes,
    No,
    /// The claim's fence was too old.
    Refused,
    /// The caller had hung up before the booking.
    HungUp,
}

impl Bank {
    pub(crate) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let books: Arc<Mutex<Books>> = Arc::default();
        let kept = books.clone();
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let books = kept.clone();
                // A caller that was killed gets no answer.
                thread::spawn(move || {
                    let _ = serve(&books, &caller);
                });
            }
        });
        Ok(Self { address, books })
    }

    /// Returns the orders of a worker's requests in progress.
    pub(crate) fn orders_of(&self, worker: u32) -> Vec<u32> {
        let visitors = &lock(&self.books).visitors;
        let of = visitors.iter().filter(|visitor| visitor.0 == worker);
        of.map(|(_, order, _)| *order).collect()
    }

    /// Removes the requests of a worker that was killed; its payments stay in progress.
    pub(crate) fn sees_off(&self, worker: u32) {
        let visitors = &mut lock(&self.books).visitors;
        visitors.retain(|visitor| visitor.0 != worker);
    }

    /// Whether no payment is in progress any more.
    pub(crate) fn is_quiet(&self) -> bool {
        lock(&self.books).open == 0
    }

    /// Returns all bookings of an order, with the numbers of their receipts.
    pub(crate) fn bookings(&self, order: u32) -> Vec<(usize, Booking)> {
        let books = lock(&self.books);
        let numbered = (1..).zip(books.bookings.iter().cloned());
        numbered.filter(|(_, of)| of.order == order).collect()
    }

    /// Returns the number of bodies that have called the bank.
    pub(crate) fn runs(&self) -> usize {
        let visits = &lock(&self.books).visits;
        let asked = |visit: &&Visit| !matches!(visit.answer, Answer::Yes | Answer::No);
        visits.iter().filter(asked).count()
    }

    /// Returns all requests for an order.
    pub(crate) fn visits(&self, order: u32) -> Vec<Visit> {
        let visits = &lock(&self.books).visits;
        let of = visits.iter().filter(|visit| visit.order == order);
        of.copied().collect()
    }
}

/// Answers one request: `book card 7 1999 <key> <fence> <worker>` or `ask 7 <fence>`.
fn serve(books: &Mutex<Books>, caller: &TcpStream) -> Option<()> {
    let mut line = String::new();
    BufReader::new(caller).read_line(&mut line).ok()?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let (order, (answer, number)) = match words[..] {
        ["book", by, order, cents, key, fence, worker] => {
            let (order, worker) = (order.parse().ok()?, worker.parse().ok()?);
            let payment = Booking {
                order,
                worker,
                cents: cents.parse().ok()?,
                key: key.to_owned(),
            };
            let fence = fence.parse().ok()?;
            lock(books).comes((worker, order, fence));
            take_time();
            let booked = lock(books).book(by, payment, fence, has_hung_up(caller));
            take_time();
            lock(books).goes((worker, order, fence));
            (order, booked)
        }
        ["ask", order, fence] => {
            let order = order.parse().ok()?;
            (order, lock(books).ask(order, fence.parse().ok()?))
        }
        _ => return None,
    };
    lock(books).visits.push(Visit { order, answer });
    let mut caller = caller;
    writeln!(caller, "{number}").ok()
}

impl Books {
    fn comes(&mut self, visitor: (u32, u32, u64)) {
        self.visitors.push(visitor);
        self.open += 1;
    }

    fn goes(&mut self, visitor: (u32, u32, u64)) {
        self.visitors.retain(|other| *other != visitor);
        self.open -= 1;
    }

    /// Books a payment, and returns its number; 0 if it does not book.
    fn book(&mut self, by: &str, payment: Booking, fence: u64, hung_up: bool) -> (Answer, usize) {
        if hung_up {
            return (Answer::HungUp, 0);
        }
        if self.barred.get(&payment.order) > Some(&fence) {
            return (Answer::Refused, 0);
        }
        // Wallets have keys; the other payments are booked each time they are requested.
        let known = self.bookings.iter().position(|of| of.key == payment.key);
        match known {
            Some(at) if by == "wallet" => (Answer::Known, at + 1),
            _ => {
                self.bookings.push(payment);
                (Answer::Booked, self.bookings.len())
            }
        }
    }

    /// Returns the number of an order's booking. After a *no* (0), no older claim is booked any
    /// more: the *no* is final.
    fn ask(&mut self, order: u32, fence: u64) -> (Answer, usize) {
        self.barred.insert(order, fence);
        let booked = self.bookings.iter().position(|of| of.order == order);
        booked.map_or((Answer::No, 0), |at| (Answer::Yes, at + 1))
    }
}

fn take_time() {
    thread::sleep(Duration::from_millis(100 + chance(300)));
}

/// Whether the caller has hung up, as a killed process has.
fn has_hung_up(caller: &TcpStream) -> bool {
    let silent = caller.set_nonblocking(true).and_then(|()| {
        let end = caller.peek(&mut [0]);
        caller.set_nonblocking(false)?;
        end
    });
    !matches!(silent, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn lock(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}
