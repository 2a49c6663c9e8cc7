<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

use StoreController\Bridge\Api\Data\LoginLinkInterface as LoginLinkData;

/**
 * Links that sign in to the administration once.
 *
 * @api
 */
interface LoginLinkInterface
{
    /**
     * Make a link that works once, for two minutes.
     *
     * @param string $role
     * @return \StoreController\Bridge\Api\Data\LoginLinkInterface
     */
    public function create(string $role): LoginLinkData;
}
