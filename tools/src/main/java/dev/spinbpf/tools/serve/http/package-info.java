/**
 * HTTP for programs that distrust their clients: requests, routes, limits, access, events. Nothing in here knows what is
 * served.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.http;
