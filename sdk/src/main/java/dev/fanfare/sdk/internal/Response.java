package dev.fanfare.sdk.internal;

import java.net.http.HttpHeaders;

/** A whole response, whatever its status. */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Response(int statusCode, HttpHeaders headers, byte[] body) {}
