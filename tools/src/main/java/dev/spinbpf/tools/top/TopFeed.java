package dev.spinbpf.tools.top;

import dev.spinbpf.tools.client.RemoteSample;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import org.jspecify.annotations.Nullable;

/** Views of a service, each of what happened since the one before; the first of the time since the workload began. */
public final class TopFeed {
    private final ServiceClient client;
    private final String source;
    private @Nullable RemoteSample last;

    /**
     * A feed that has not looked yet.
     *
     * @param source names the service or the workload on the screen
     */
    public TopFeed(ServiceClient client, String source) {
        this.client = client;
        this.source = source;
    }

    /** Looks at the service. */
    public TopView next() throws ServiceException, InterruptedException {
        RemoteSample now = client.sample();
        TopView view = TopView.between(source, last, now);
        last = now;
        return view;
    }
}
