/** The JSON interface of the service: its routes, what they take, and what they answer. */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.api;
