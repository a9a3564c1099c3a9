/** The command line, its reports, the service and its metrics, and saved maps. Nothing is exported. */
module dev.spinbpf.tools {
    requires static org.jspecify;
    requires dev.spinbpf.vm;
    requires aircompressor;
    requires com.fasterxml.jackson.core;
    requires info.picocli;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.prometheus.metrics.model;
    requires io.prometheus.metrics.tracer.common;
    requires io.prometheus.writer.text;
    requires micrometer.core;
    requires micrometer.registry.otlp;
    requires micrometer.registry.prometheus;
    requires java.net.http;
    requires org.apache.commons.compress;
    requires org.jline.terminal;
    requires org.slf4j;
    requires org.snakeyaml.engine;
    requires org.tukaani.xz;

    opens dev.spinbpf.tools.cli to
            info.picocli;
}
