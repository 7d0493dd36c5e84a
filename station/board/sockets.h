// The board's listening socket, and who is at the other end of a connection.
#pragma once

#include <string>

#include "station/board/address.h"

struct sockaddr;

namespace station::board {

// Listens; the caller owns the descriptor. Throws std::runtime_error with a sentence.
int listen_on(const Address& address);
// Where it listens: with the port that was free.
Address address_of(int listening);
// An IP address; a mapped IPv4 one as such.
std::string peer_name(const sockaddr* peer);

}  // namespace station::board
