<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\App\Config\ReinitableConfigInterface;
use Magento\Framework\Lock\LockManagerInterface;

/**
 * One writer at a time. The lock goes with the database connection, so a killed writer leaves none behind.
 */
class Mutex
{
    private const NAME = 'storecontroller_bridge';
    private const SECONDS = 5;

    /**
     * @param LockManagerInterface $locks
     * @param ReinitableConfigInterface $config
     * @param Failures $failures
     */
    public function __construct(
        private readonly LockManagerInterface $locks,
        private readonly ReinitableConfigInterface $config,
        private readonly Failures $failures
    ) {
    }

    /**
     * Does the work alone and returns its result.
     *
     * @param callable $work
     * @return mixed
     * @throws \Magento\Framework\Webapi\Exception 409 when another writer does not finish in time
     */
    public function alone(callable $work): mixed
    {
        if (!$this->locks->lock(self::NAME, 0)) {
            if (!$this->locks->lock(self::NAME, self::SECONDS)) {
                throw $this->failures->conflict('Another change is in progress.');
            }
            // Whoever had it may have changed what this process read when it began.
            $this->config->reinit();
        }
        try {
            return $work();
        } finally {
            $this->locks->unlock(self::NAME);
        }
    }
}
