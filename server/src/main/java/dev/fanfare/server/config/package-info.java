/**
 * What an operator can set: the settings, where each came from, and the record the server is wired
 * with.
 *
 * <p>Open {@link dev.fanfare.server.config.ServerConfig} for the settings and their meaning, {@link
 * dev.fanfare.server.config.Settings} for how environment, file and defaults become one. Nothing
 * here opens a connection or a port, and no other room is known here.
 */
@NullMarked
package dev.fanfare.server.config;

import org.jspecify.annotations.NullMarked;
