/**
 * Payloads and outputs that are kept beside their runs: packets, named by a path, put and fetched
 * under presigned URLs. Owns {@code packets} and {@code packet_bytes}, or a folder instead of the
 * latter. Open {@link dev.fanfare.server.packet.Packets} first, then {@link
 * dev.fanfare.server.packet.ByteStore}. It knows no runs and no callers: who may have a URL, and
 * which packets runs refer to, is said by the room {@code run}.
 */
@NullMarked
package dev.fanfare.server.packet;

import org.jspecify.annotations.NullMarked;
