<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

use StoreController\Bridge\Api\Data\TestMailInterface as TestMailData;

/**
 * A mail that shows whether the shop's mails leave.
 *
 * @api
 */
interface TestMailInterface
{
    /**
     * Send a mail in the way that every mail of the shop takes.
     *
     * @param string $recipient
     * @return \StoreController\Bridge\Api\Data\TestMailInterface
     */
    public function send(string $recipient): TestMailData;
}
