<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

use StoreController\Bridge\Api\Data\ReadyInterface;
use StoreController\Bridge\Api\Data\StatusDataInterface;

/**
 * How the shop is.
 *
 * @api
 */
interface StatusInterface
{
    /**
     * Say that the shop can serve, for probes that carry no token.
     *
     * @return \StoreController\Bridge\Api\Data\ReadyInterface
     */
    public function ready(): ReadyInterface;

    /**
     * Say what runs, how it is, and whether its settings are as they were applied.
     *
     * @return \StoreController\Bridge\Api\Data\StatusDataInterface
     */
    public function status(): StatusDataInterface;
}
