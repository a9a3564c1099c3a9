/** The page that a browser shows of a service, as files that it is sent. All that the page shows comes over the JSON interface. */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.page;
