<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Backend\Model\UrlInterface;
use StoreController\Bridge\Api\Data\LoginLinkInterface as LoginLinkData;
use StoreController\Bridge\Api\LoginLinkInterface;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Model\Data\LoginLink;
use StoreController\Bridge\Model\Login\Links;

/**
 * POST login-link.
 */
class LoginLinkService implements LoginLinkInterface
{
    public const OWNER = 'owner';
    private const ROUTE = 'storecontroller/login/enter';

    /**
     * @param Links $links
     * @param UrlInterface $url
     * @param Failures $failures
     */
    public function __construct(
        private readonly Links $links,
        private readonly UrlInterface $url,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function create(string $role): LoginLinkData
    {
        if ($role !== self::OWNER) {
            throw $this->failures->malformed(new Refusal('The role must be "owner", not "%1".', [$role]));
        }
        $link = $this->links->make($role, time());
        return new LoginLink(
            // The key in the administration's addresses belongs to a session; this link has none yet.
            $this->url->getUrl(self::ROUTE, ['_nosecret' => true, '_query' => ['token' => $link['token']]]),
            gmdate('Y-m-d\TH:i:s+00:00', $link['expires_at'])
        );
    }
}
