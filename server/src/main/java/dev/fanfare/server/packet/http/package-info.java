/**
 * Uploading and downloading packets under presigned URLs, and making such URLs. Open {@link
 * dev.fanfare.server.packet.http.PacketUrls} first.
 */
@NullMarked
package dev.fanfare.server.packet.http;

import org.jspecify.annotations.NullMarked;
