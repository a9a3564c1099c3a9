package dev.spinbpf.tools.client;

/** Thrown when a service cannot be asked, or answers with a problem. */
public final class ServiceException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The status of a service that did not answer as one. */
    private static final int NONE = 0;

    private static final int UNAUTHORIZED = 401;

    private final int status;

    private ServiceException(int status, String message) {
        super(message);
        this.status = status;
    }

    static ServiceException unreachable(String message) {
        return new ServiceException(NONE, message);
    }

    static ServiceException refused(int status, String message) {
        return new ServiceException(status, message);
    }

    /** Returns true if the service itself refused what it was asked; false if it was not reached. */
    public boolean isRefusal() {
        return status != NONE;
    }

    /** Returns true if the service wants another token. */
    public boolean isAboutToken() {
        return status == UNAUTHORIZED;
    }
}
