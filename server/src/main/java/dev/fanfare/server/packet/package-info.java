/**
 * Payloads and outputs that are kept beside their runs: packets, named by a path. Owns {@code
 * packets} and {@code packet_bytes}, or a folder instead of the latter. Open {@link
 * dev.fanfare.server.packet.Packets} first, then {@link dev.fanfare.server.packet.ByteStore}. It
 * knows no runs: the rooms above say which packets their runs refer to.
 */
@NullMarked
package dev.fanfare.server.packet;

import org.jspecify.annotations.NullMarked;
