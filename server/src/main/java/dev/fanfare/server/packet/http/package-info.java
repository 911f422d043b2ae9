/**
 * Upload and download of packets with presigned URLs, and the routes that create such URLs. Open
 * {@link dev.fanfare.server.packet.http.PacketUrls} first.
 */
@NullMarked
package dev.fanfare.server.packet.http;

import org.jspecify.annotations.NullMarked;
