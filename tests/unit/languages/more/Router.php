<?php

declare(strict_types=1);

namespace App\Http\Routing;

use App\Http\{Request, Response as Reply};
use InvalidArgumentException;
use function App\Support\normalise;

require_once __DIR__ . '/helpers.php';

/** How long a match is remembered, in seconds. */
const CACHE_SECONDS = 300;

define('ROUTER_DEBUG', false);

/**
 * Something that answers a request.
 */
interface Handler extends \Countable
{
    public const VERSION = 2;

    /** Answers one request. */
    public function handle(Request $request): Reply;
}

/** Remembers what happened. */
trait Journal
{
    private array $entries = [];

    protected function record(string $line): void
    {
        $this->entries[] = normalise($line);
    }
}

enum Method: string
{
    case Get = 'GET';
    case Post = 'POST';

    public static function fromHeader(string $header): self
    {
        return self::from(strtoupper($header));
    }
}

/**
 * Finds the handler of a path.
 *
 * @template T of Handler
 */
#[Service]
abstract class Router implements Handler
{
    use Journal;

    public const DEFAULT_STATUS = 404;

    /** @var array<string, Handler> */
    protected static array $routes = [];

    public function __construct(
        private readonly string $prefix,
        protected ?Cache $cache = null,
    ) {
        $this->record("router for {$prefix}");
    }

    /**
     * Adds a route.
     *
     * @throws InvalidArgumentException when the path is empty
     */
    #[Pure]
    public function add(string $path, Handler $handler): static
    {
        if ($path === '') {
            throw new InvalidArgumentException('empty path');
        }
        static::$routes[$this->prefix . $path] = $handler;
        return $this;
    }

    abstract protected function fallback(Request $request): Reply;

    public function count(): int
    {
        return count(self::$routes);
    }
}

function router(string $prefix): Router
{
    return new class($prefix) extends Router {
        protected function fallback(Request $request): Reply
        {
            return Reply::create(Router::DEFAULT_STATUS);
        }

        public function handle(Request $request): Reply
        {
            return $this->fallback($request);
        }
    };
}

$dispatch = fn(Request $request) => router('/')->handle($request);
