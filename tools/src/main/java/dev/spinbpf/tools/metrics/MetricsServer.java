package dev.spinbpf.tools.metrics;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Serves the metrics over HTTP: {@code GET /metrics} in Prometheus' text format.
 *
 * <p>Requests are hostile: the size of line and headers, the number of connections, the answers that wait to be written
 * and the time that a request may take are bounded. Bodies are not looked at.
 */
public final class MetricsServer implements AutoCloseable {
    private static final int MAX_REQUEST_LINE_BYTES = 4096;
    private static final int MAX_HEADER_BYTES = 8192;
    private static final int MAX_CHUNK_BYTES = 1024;
    private static final int MAX_READ_BYTES = 4096;
    private static final long TIMEOUT_MILLIS = 10_000;

    /** Most connections at a time; further ones are closed at once. */
    static final int MAX_CONNECTIONS = 64;

    private final EventLoopGroup group;
    private final Channel channel;

    private MetricsServer(EventLoopGroup group, Channel channel) {
        this.group = group;
        this.channel = channel;
    }

    /**
     * Starts to listen.
     *
     * @param host address or name to bind; the caller passes loopback unless the user asked for something else
     * @param port port, 0 for any free one
     * @param scrape makes the text to serve; called for each request on the server's thread
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static MetricsServer start(String host, int port, Supplier<String> scrape) throws IOException {
        return start(host, port, scrape, TIMEOUT_MILLIS);
    }

    /** Like {@link #start(String, int, Supplier)}, with the time that a request and its answer may take. */
    static MetricsServer start(String host, int port, Supplier<String> scrape, long timeoutMillis) throws IOException {
        InetSocketAddress wanted = new InetSocketAddress(host, port);
        if (wanted.isUnresolved()) {
            throw new IOException("cannot listen on " + host + ":" + port
                    + " (unknown host); --metrics-host takes an address of this machine");
        }
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        AtomicInteger connections = new AtomicInteger();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, MAX_CONNECTIONS)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, oneSmallRead())
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        accept(accepted, connections, scrape, timeoutMillis);
                    }
                });
        try {
            Channel channel = bootstrap.bind(wanted).syncUninterruptibly().channel();
            return new MetricsServer(group, channel);
        } catch (RuntimeException e) {
            group.shutdownGracefully();
            throw cannotBind(host, port, e);
        } catch (Exception e) {
            group.shutdownGracefully();
            throw cannotBind(host, port, e);
        }
    }

    private static IOException cannotBind(String host, int port, Exception cause) {
        return new IOException(
                "cannot listen on " + host + ":" + port + " (" + cause.getMessage()
                        + "); choose another --metrics-port, or 0 for any free one, or another --metrics-host",
                cause);
    }

    /** So few bytes at a time that the requests in them are few. */
    private static RecvByteBufAllocator oneSmallRead() {
        return new FixedRecvByteBufAllocator(MAX_READ_BYTES).maxMessagesPerRead(1);
    }

    private static void accept(
            SocketChannel accepted, AtomicInteger connections, Supplier<String> scrape, long timeoutMillis) {
        if (connections.incrementAndGet() > MAX_CONNECTIONS) {
            connections.decrementAndGet();
            accepted.close();
            return;
        }
        accepted.closeFuture().addListener(closed -> connections.decrementAndGet());
        accepted.pipeline()
                .addLast(new HttpServerCodec(MAX_REQUEST_LINE_BYTES, MAX_HEADER_BYTES, MAX_CHUNK_BYTES))
                .addLast(new FlowControlHandler())
                .addLast(new MetricsHandler(scrape, timeoutMillis));
    }

    /** The address that it listens on. */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
    }
}
